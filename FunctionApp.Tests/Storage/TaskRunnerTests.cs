using System.Diagnostics;
using FunctionApp.Tasks;

namespace FunctionApp.Tests.Storage;

public class TaskRunnerTests : StorageTest
{
    [Fact]
    public async Task A_result_is_the_rows_end()
    {
        TaskExecution task = await InsertAsync();

        await RunAsync(task, (_, _) => Task.FromResult(new { Answer = 42 }));

        TaskRow row = await ReadAsync(task);
        Assert.Equal((RowStatus.Succeeded, """{"answer":42}""", 1, 1.0), (row.Status, row.Result!.ToString(), row.Attempt, row.Progress));
        Assert.True(row.EndedAt >= row.StartedAt);
        Assert.Equal(task.Deadline, row.Deadline);
        Assert.Equal(("test", "DoWork", "{}"), (row.Kind, row.Activity, row.Input!.ToString()));
    }

    [Fact]
    public async Task A_permanent_failure_is_the_rows_end_with_the_callers_message()
    {
        TaskExecution task = await InsertAsync();

        await RunAsync<int>(task, (_, _) => throw new PermanentFailureException("The sample is empty.", "empty"));

        TaskRow row = await ReadAsync(task);
        Assert.Equal((RowStatus.Failed, "empty", "The sample is empty."), (row.Status, row.ErrorCode, row.ErrorDetail));
    }

    [Fact]
    public async Task Any_other_exception_fails_the_attempt_and_leaves_the_row_unfinished()
    {
        TaskExecution task = await InsertAsync();

        await Assert.ThrowsAsync<IOException>(() => RunAsync<int>(task, (_, _) => throw new IOException("disk")));

        Assert.True((await ReadAsync(task)).IsUnfinished);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_time_limit_holds_whether_the_work_heeds_its_token_or_not(bool heeds)
    {
        TaskExecution task = await InsertAsync(TimeSpan.FromSeconds(0.2));
        var left = new TaskCompletionSource<int>();
        long start = Stopwatch.GetTimestamp();

        await RunAsync(task, async (_, token) => heeds ? await DelayAsync(token) : await left.Task);

        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(5));
        TaskRow row = await ReadAsync(task);
        Assert.Equal((RowStatus.Failed, "timeout"), (row.Status, row.ErrorCode));
        Assert.Contains("time limit", row.ErrorDetail);

        left.SetResult(42);
        Assert.Null((await ReadAsync(task)).Result);
    }

    [Fact]
    public async Task Work_that_blocks_its_thread_is_left_at_the_time_limit_too()
    {
        TaskExecution task = await InsertAsync(TimeSpan.FromSeconds(0.2));
        using var release = new ManualResetEventSlim();

        await RunAsync(task, (_, _) =>
        {
            release.Wait();
            return Task.FromResult(1);
        });

        Assert.Equal("timeout", (await ReadAsync(task)).ErrorCode);
        release.Set();
    }

    [Fact]
    public async Task An_attempt_after_the_deadline_does_not_compute()
    {
        TaskExecution task = await InsertAsync(TimeSpan.FromMilliseconds(-1));

        await RunAsync<int>(task, (_, _) => throw new InvalidOperationException("computed"));

        Assert.Equal("timeout", (await ReadAsync(task)).ErrorCode);
    }

    [Fact]
    public async Task A_result_that_does_not_fit_into_the_row_fails_at_once_and_says_so()
    {
        TaskExecution fits = await InsertAsync();
        TaskExecution tooLarge = await InsertAsync();
        TaskExecution notFinite = await InsertAsync();

        await RunAsync(fits, (_, _) => Task.FromResult(new string('x', TaskRow.MaxBytes - 2)));
        await RunAsync(tooLarge, (_, _) => Task.FromResult(new string('x', TaskRow.MaxBytes - 1)));
        await RunAsync(notFinite, (_, _) => Task.FromResult(double.NaN));

        Assert.Equal(RowStatus.Succeeded, (await ReadAsync(fits)).Status);
        TaskRow row = await ReadAsync(tooLarge);
        Assert.Equal("too_large", row.ErrorCode);
        Assert.Contains("65,537", row.ErrorDetail);
        Assert.Equal("not_finite", (await ReadAsync(notFinite)).ErrorCode);
    }

    [Fact]
    public async Task A_late_result_cannot_follow_another_end()
    {
        TaskExecution task = await InsertAsync();
        var end = TaskRow.Failed(TaskId.Parse(task.TaskId), TaskError.Lost, DateTimeOffset.UtcNow);

        await RunAsync(task, async (_, _) => await Tasks.ChangeUnfinishedAsync(end, new(task.Start.ETag), default));

        TaskRow row = await ReadAsync(task);
        Assert.Equal((RowStatus.Failed, "lost", null), (row.Status, row.ErrorCode, row.Result));
    }

    [Fact]
    public async Task A_row_that_is_gone_does_not_come_back()
    {
        TaskExecution task = await InsertAsync();
        var id = TaskId.Parse(task.TaskId);

        await RunAsync(task, async (_, _) => (await Table.DeleteEntityAsync(id.PartitionKey, id.RowKey)).Status);

        Assert.Null(await Tasks.FindStatusAsync(id, default));
    }

    [Fact]
    public async Task After_a_second_the_row_says_Running_with_the_progress()
    {
        TaskExecution task = await InsertAsync();
        Task run = RunAsync(task, async (progress, token) =>
        {
            progress.Report(0.4, "epoch 4 of 10");
            await Task.Delay(3_000, token);
            return 1;
        });

        await Eventually.AreEqual((RowStatus.Running, 0.4, "epoch 4 of 10", 1), async () =>
        {
            TaskRow row = await ReadAsync(task);
            return (row.Status!.Value, row.Progress ?? 0, row.Message ?? "", row.Attempt ?? 0);
        });
        await run;
        Assert.Equal(RowStatus.Succeeded, (await ReadAsync(task)).Status);
    }

    [Fact]
    public async Task A_retry_says_Running_at_once_with_its_number_and_without_progress()
    {
        TaskExecution first = await InsertAsync();
        await Assert.ThrowsAsync<IOException>(() => RunAsync<int>(first, async (progress, _) =>
        {
            progress.Report(0.9, "nearly");
            await Task.Delay(1_500);
            throw new IOException("disk");
        }));
        Assert.Equal((0.9, "nearly"), ((await ReadAsync(first)).Progress, (await ReadAsync(first)).Message));

        await RunAsync(first with { Attempt = 2 }, async (_, _) =>
        {
            TaskRow row = await ReadAsync(first);
            Assert.Equal((RowStatus.Running, 0, "", 2), (row.Status, row.Progress, row.Message, row.Attempt));
            return 1;
        });

        Assert.Equal((RowStatus.Succeeded, 2), ((await ReadAsync(first)).Status, (await ReadAsync(first)).Attempt));
    }

    [Fact]
    public async Task An_end_elsewhere_cancels_the_work_within_3_seconds()
    {
        TaskExecution task = await InsertAsync();
        var end = TaskRow.Canceled(TaskId.Parse(task.TaskId), "by hand", DateTimeOffset.UtcNow);
        long ended = 0;
        Task run = RunAsync(task, async (_, token) =>
        {
            await Task.Delay(1_500, token);
            await Tasks.ChangeUnfinishedAsync(end, new(task.Start.ETag), token);
            ended = Stopwatch.GetTimestamp();
            return await DelayAsync(token);
        });

        await run;

        Assert.InRange(Stopwatch.GetElapsedTime(ended), TimeSpan.Zero, TimeSpan.FromSeconds(3));
        Assert.Equal(RowStatus.Canceled, (await ReadAsync(task)).Status);
    }

    [Fact]
    public async Task Of_two_executions_the_later_one_silences_the_earlier()
    {
        TaskExecution task = await InsertAsync();
        Task earlier = RunAsync(task, async (progress, token) =>
        {
            progress.Report(0.9, "earlier");
            return await DelayAsync(token);
        });
        await Task.Delay(1_200);
        Task later = RunAsync(task, async (progress, _) =>
        {
            progress.Report(0.1, "later");
            await Task.Delay(4_000);
            return "later";
        });

        await earlier.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal("later", (await ReadAsync(task)).Message);
        await later;
        Assert.Equal("\"later\"", (await ReadAsync(task)).Result!.ToString());
    }

    [Fact]
    public async Task When_the_host_stops_the_attempt_fails_and_the_row_stays_unfinished()
    {
        TaskExecution task = await InsertAsync();
        using var stopping = new CancellationTokenSource(TimeSpan.FromSeconds(0.2));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(task, (_, token) => DelayAsync(token), stopping.Token));

        Assert.True((await ReadAsync(task)).IsUnfinished);
    }

    [Fact]
    public async Task The_works_trace_continues_that_of_the_submission()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "FunctionApp",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        TaskExecution task = await InsertAsync();
        const string Submission = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

        await RunAsync(
            task with { Start = task.Start with { TraceParent = Submission } },
            (_, _) => Task.FromResult($"{Activity.Current!.TraceId} {Activity.Current.ParentSpanId} {Activity.Current.GetTagItem("task_id")}"));

        Assert.Equal($"\"0af7651916cd43dd8448eb211c80319c b7ad6b7169203331 {task.TaskId}\"", (await ReadAsync(task)).Result!.ToString());
    }

    private static async Task<int> DelayAsync(CancellationToken token)
    {
        await Task.Delay(TimeSpan.FromHours(1), token);
        return 1;
    }
}
