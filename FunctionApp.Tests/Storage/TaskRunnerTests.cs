using System.Diagnostics;
using System.Text.Json;
using Azure.Data.Tables;
using FunctionApp.Tasks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace FunctionApp.Tests.Storage;

public class TaskRunnerTests : StorageTest
{
    private const int MaxResult = 16 * 1_024 * 1_024;

    [Fact]
    public async Task A_result_is_the_rows_end()
    {
        TaskAttempt task = await InsertAsync();

        await RunAsync(task, (_, _) => Task.FromResult(new { Answer = 42 }));

        TaskRow row = await ReadAsync(task);
        Assert.Equal((RowStatus.Succeeded, """{"answer":42}""", 1, 1.0), (row.Status, row.Result!.ToString(), row.Attempt, row.Progress));
        Assert.True(row.EndedAt >= row.StartedAt);
        Assert.Equal(row.StartedAt + TimeSpan.FromMinutes(1), row.Deadline);
        Assert.Equal(("test", "DoWork", "{}"), (row.Kind, row.Activity, row.Input!.ToString()));
    }

    [Fact]
    public async Task A_permanent_failure_is_the_rows_end_with_the_callers_message()
    {
        TaskAttempt task = await InsertAsync();

        await RunAsync<int>(task, (_, _) => throw new PermanentFailureException("The sample is empty.", "empty"));

        TaskRow row = await ReadAsync(task);
        Assert.Equal((RowStatus.Failed, "empty", "The sample is empty."), (row.Status, row.ErrorCode, row.ErrorDetail));
    }

    [Fact]
    public async Task Any_other_exception_fails_the_attempt_and_leaves_the_row_unfinished()
    {
        TaskAttempt task = await InsertAsync();

        await Assert.ThrowsAsync<IOException>(() => RunAsync<int>(task, (_, _) => throw new IOException("disk")));

        Assert.True((await ReadAsync(task)).IsUnfinished);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_time_limit_holds_whether_the_work_heeds_its_token_or_not(bool heeds)
    {
        TaskAttempt task = await InsertAsync(TimeSpan.FromSeconds(0.2));
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
        TaskAttempt task = await InsertAsync(TimeSpan.FromSeconds(0.2));
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
    public async Task A_result_that_is_larger_than_its_kind_allows_fails_at_once_and_says_so()
    {
        TaskAttempt fits = await InsertAsync();
        TaskAttempt tooLarge = await InsertAsync();
        TaskAttempt notFinite = await InsertAsync();

        await RunAsync(fits, (_, _) => Task.FromResult(new string('x', MaxResult - 2)));
        await RunAsync(tooLarge, (_, _) => Task.FromResult(new string('x', MaxResult - 1)));
        await RunAsync(notFinite, (_, _) => Task.FromResult(double.NaN));

        Assert.Equal(RowStatus.Succeeded, (await ReadAsync(fits)).Status);
        TaskRow row = await ReadAsync(tooLarge);
        Assert.Equal("too_large", row.ErrorCode);
        Assert.Contains("16,777,217", row.ErrorDetail);
        Assert.Equal("not_finite", (await ReadAsync(notFinite)).ErrorCode);
    }

    [Fact]
    public async Task A_late_result_cannot_follow_another_end()
    {
        TaskAttempt task = await InsertAsync();
        var end = TaskChange.Failed(TaskId.Parse(task.TaskId), TaskError.Lost, DateTimeOffset.UtcNow);

        await RunAsync(task, async (_, _) => await Tasks.ChangeUnfinishedAsync(end, new(task.Orchestration.ETag), default));

        TaskRow row = await ReadAsync(task);
        Assert.Equal((RowStatus.Failed, "lost", null), (row.Status, row.ErrorCode, row.Result));
    }

    [Fact]
    public async Task A_row_that_is_gone_does_not_come_back()
    {
        TaskAttempt task = await InsertAsync();
        var id = TaskId.Parse(task.TaskId);

        await RunAsync(task, async (_, _) => (await Table.DeleteEntityAsync(id.PartitionKey, id.RowKey)).Status);

        Assert.Null(await Tasks.FindStatusAsync(id, default));
    }

    [Fact]
    public async Task After_a_second_the_row_says_Running_with_the_progress()
    {
        TaskAttempt task = await InsertAsync();
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
        TaskAttempt first = await InsertAsync();
        await Assert.ThrowsAsync<IOException>(() => RunAsync<int>(first, async (progress, _) =>
        {
            progress.Report(0.9, "nearly");
            await Task.Delay(1_500);
            throw new IOException("disk");
        }));
        Assert.Equal((0.9, "nearly"), ((await ReadAsync(first)).Progress, (await ReadAsync(first)).Message));

        await RunAsync(first with { Number = 2 }, async (_, _) =>
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
        TaskAttempt task = await InsertAsync();
        var end = TaskChange.Canceled(TaskId.Parse(task.TaskId), "by hand", DateTimeOffset.UtcNow);
        long ended = 0;
        Task run = RunAsync(task, async (_, token) =>
        {
            await Task.Delay(1_500, token);
            await Tasks.ChangeUnfinishedAsync(end, new(task.Orchestration.ETag), token);
            ended = Stopwatch.GetTimestamp();
            return await DelayAsync(token);
        });

        await run;

        Assert.InRange(Stopwatch.GetElapsedTime(ended), TimeSpan.Zero, TimeSpan.FromSeconds(3));
        Assert.Equal(RowStatus.Canceled, (await ReadAsync(task)).Status);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    public async Task Of_two_runs_the_one_that_claims_later_counts_and_the_other_waits_for_its_end(int clockOfTheLaterOne)
    {
        TaskAttempt task = await InsertAsync();
        var cancelled = new TaskCompletionSource();
        Task earlier = RunAsync(task, async (progress, token) =>
        {
            progress.Report(0.9, "earlier");
            token.Register(cancelled.SetResult);
            return await DelayAsync(token);
        });
        await Eventually.AreEqual("earlier", async () => (await ReadAsync(task)).Message);
        var finish = new TaskCompletionSource<string>();
        Task later = RunAsync(task, (progress, _) =>
        {
            progress.Report(0.1, "later");
            return finish.Task;
        }, time: Skewed(clockOfTheLaterOne));

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(10));
        await Eventually.AreEqual("later", async () => (await ReadAsync(task)).Message);
        Assert.False(earlier.IsCompleted); // the orchestration would take the task for ended
        finish.SetResult("later");
        await later;
        await earlier;
        Assert.Equal("\"later\"", (await ReadAsync(task)).Result!.ToString());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(-3)]
    public async Task A_later_attempt_counts_whatever_the_clocks_say(int clockOfTheFirst)
    {
        TaskAttempt first = await InsertAsync();
        await Assert.ThrowsAsync<IOException>(() => RunAsync<int>(first, (_, _) => throw new IOException("disk"), time: Skewed(clockOfTheFirst)));

        await RunAsync(first with { Number = 2 }, (_, _) => Task.FromResult(42));
        await RunAsync(first, (_, _) => Task.FromResult(7), time: Skewed(clockOfTheFirst));

        TaskRow row = await ReadAsync(first);
        Assert.Equal((RowStatus.Succeeded, 2, "42"), (row.Status, row.Attempt, row.Result!.ToString()));
    }

    [Fact]
    public async Task An_attempt_that_finds_a_later_one_does_not_compute_and_waits_for_the_end()
    {
        TaskAttempt first = await InsertAsync();
        var finish = new TaskCompletionSource<int>();
        Task second = RunAsync(first with { Number = 2 }, (_, _) => finish.Task);
        await Eventually.AreEqual(2, async () => (await ReadAsync(first)).Attempt ?? 0);

        Task late = RunAsync<int>(first, (_, _) => throw new InvalidOperationException("computed"), time: Skewed(5));
        await Task.WhenAny(late, Task.Delay(TimeSpan.FromSeconds(3)));
        Assert.False(late.IsCompleted);
        finish.SetResult(1);

        await Task.WhenAll(second, late);
    }

    [Fact]
    public async Task The_limit_is_the_attempts_own_and_neither_queueing_nor_an_earlier_attempt_counts()
    {
        var old = TaskId.Create(DateTimeOffset.UtcNow - TimeSpan.FromHours(1));
        TaskAttempt first = await InsertAsync(TimeSpan.FromSeconds(30), id: old);
        await Assert.ThrowsAsync<IOException>(() => RunAsync<int>(first, (_, _) => throw new IOException("disk"), time: Skewed(-1_000)));

        await RunAsync(first with { Number = 2 }, (_, _) => Task.FromResult(42));

        Assert.Equal(RowStatus.Succeeded, (await ReadAsync(first)).Status);
    }

    [Fact]
    public async Task The_next_attempt_gets_the_checkpoint_of_the_last_and_keeps_its_progress_until_it_reports()
    {
        TaskAttempt first = await InsertAsync();
        await Assert.ThrowsAsync<IOException>(() => RunAsync<int>(first, (progress, _) =>
        {
            Assert.Null(progress.Saved<int[]>());
            progress.Report(0.6, "epoch 6");
            progress.Save(Enumerable.Range(6, 2));
            throw new IOException("disk");
        }));

        await RunAsync(first with { Number = 2 }, async (progress, _) =>
        {
            TaskRow row = await ReadAsync(first);
            Assert.Equal((RowStatus.Running, 0.6, 2), (row.Status, row.Progress, row.Attempt));
            return progress.Saved<int[]>()!.Sum();
        });

        Assert.Equal("13", (await ReadAsync(first)).Result!.ToString());
    }

    [Fact]
    public async Task Work_without_news_gives_a_sign_of_life_every_hour()
    {
        TaskAttempt task = await InsertAsync(TimeSpan.FromHours(3));
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var finish = new TaskCompletionSource<int>();
        Task run = RunAsync(task, (_, _) => finish.Task, time);
        await Eventually.AreEqual(RowStatus.Running, async () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return (await ReadAsync(task)).Status;
        });
        Azure.ETag before = (await ReadAsync(task)).ETag;
        time.Advance(TimeSpan.FromHours(1));

        await Eventually.AreEqual(true, async () =>
        {
            time.Advance(TimeSpan.FromSeconds(2));
            return (await ReadAsync(task)).ETag != before;
        });

        finish.SetResult(1);
        await run;
    }

    [Fact]
    public async Task A_checkpoint_is_kept_while_the_work_goes_on_and_when_the_host_stops()
    {
        TaskAttempt task = await InsertAsync();
        using var stopping = new CancellationTokenSource();
        Task run = RunAsync(task, async (progress, token) =>
        {
            progress.Save(1);
            await Eventually.AreEqual("1", async () => (await ReadAsync(task)).Checkpoint?.ToString() ?? "");
            progress.Save(2);
            await stopping.CancelAsync();
            return await DelayAsync(token);
        }, stopping: stopping.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);

        Assert.Equal("2", (await ReadAsync(task)).Checkpoint!.ToString());
    }

    [Fact]
    public async Task A_result_that_is_there_when_the_host_stops_is_written()
    {
        TaskAttempt task = await InsertAsync();
        using var stopping = new CancellationTokenSource();

        await RunAsync(task, async (_, _) =>
        {
            await stopping.CancelAsync();
            return 42;
        }, stopping: stopping.Token);

        Assert.Equal(RowStatus.Succeeded, (await ReadAsync(task)).Status);
    }

    [Fact]
    public async Task What_has_not_begun_in_time_expires_and_what_has_does_not()
    {
        TaskAttempt late = await InsertAsync(startBy: DateTimeOffset.UtcNow.AddSeconds(-1));
        TaskAttempt begun = await InsertAsync(startBy: DateTimeOffset.UtcNow.AddSeconds(10));

        await RunAsync<int>(late, (_, _) => throw new InvalidOperationException("computed"));
        await Assert.ThrowsAsync<IOException>(() => RunAsync<int>(begun, (_, _) => throw new IOException("disk")));
        await RunAsync(begun with { Number = 2 }, (_, _) => Task.FromResult(1), time: Skewed(60));

        Assert.Equal((RowStatus.Failed, "expired"), ((await ReadAsync(late)).Status, (await ReadAsync(late)).ErrorCode));
        Assert.Equal(RowStatus.Succeeded, (await ReadAsync(begun)).Status);
    }

    [Fact]
    public async Task The_row_keeps_what_the_last_attempt_failed_with_in_words_for_the_caller()
    {
        TaskAttempt task = await InsertAsync();
        await Assert.ThrowsAsync<IOException>(() => RunAsync<int>(task, (_, _) => throw new IOException("secret")));
        Assert.Equal("IOException.", (await ReadAsync(task)).LastFailure);

        await Assert.ThrowsAsync<TemporaryFailureException>(
            () => RunAsync<int>(task with { Number = 2 }, (_, _) => throw new TemporaryFailureException("The feed was down.")));
        await new FailTask(Tasks, TimeProvider.System, NullLogger<FailTask>.Instance).RunAsync(task.TaskId, default);

        TaskRow row = await ReadAsync(task);
        Assert.Equal((RowStatus.Failed, "failed", "Every attempt of the task failed, the last one with: The feed was down."), (row.Status, row.ErrorCode, row.ErrorDetail));
    }

    [Fact]
    public async Task Without_a_place_or_storage_an_attempt_is_postponed_and_does_not_count()
    {
        TaskAttempt task = await InsertAsync();
        var away = new TaskTable(new TableClient(
            new Uri("http://127.0.0.1:9"), "away", new TableSharedKeyCredential("devstoreaccount1", "a2V5"), new TableClientOptions { Retry = { MaxRetries = 0 } }));
        var runner = new TaskRunner(away, Blobs, Places, TimeProvider.System, NullLogger<TaskRunner>.Instance);

        await Assert.ThrowsAsync<AttemptPostponedException>(() => runner.RunAsync(new Answer(), task, default));

        var time = new FakeTimeProvider();
        using var places = new WorkPlaces(new HostSettings(null, 1), time);
        using IDisposable? taken = await places.TakeAsync(default);
        Task waiting = new TaskRunner(Tasks, Blobs, places, TimeProvider.System, NullLogger<TaskRunner>.Instance).RunAsync(new Answer(), task, default);
        time.Advance(WorkPlaces.LongestWait);
        await Assert.ThrowsAsync<AttemptPostponedException>(() => waiting);
    }

    [Fact]
    public async Task When_the_host_stops_the_attempt_fails_and_the_row_stays_unfinished()
    {
        TaskAttempt task = await InsertAsync();
        using var stopping = new CancellationTokenSource(TimeSpan.FromSeconds(0.2));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(task, (_, token) => DelayAsync(token), stopping: stopping.Token));

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
        TaskAttempt task = await InsertAsync();
        const string Submission = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

        await RunAsync(
            task with { Orchestration = task.Orchestration with { TraceParent = Submission } },
            (_, _) => Task.FromResult($"{Activity.Current!.TraceId} {Activity.Current.ParentSpanId} {Activity.Current.GetTagItem("task_id")}"));

        Assert.Equal($"\"0af7651916cd43dd8448eb211c80319c b7ad6b7169203331 {task.TaskId}\"", (await ReadAsync(task)).Result!.ToString());
    }

    private static async Task<int> DelayAsync(CancellationToken token)
    {
        await Task.Delay(TimeSpan.FromHours(1), token);
        return 1;
    }

    /// <summary>A clock that is so many seconds ahead.</summary>
    private static SkewedTime Skewed(int seconds) => new(TimeSpan.FromSeconds(seconds));

    private sealed class SkewedTime(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ahead;
    }

    private sealed class Answer() : TaskKind<JsonElement, int>("test", "DoWork")
    {
        public override JsonElement Read(JsonMembers body) => default;

        public override Task<int> ComputeAsync(JsonElement input, TaskProgress progress, CancellationToken cancellationToken) => Task.FromResult(42);
    }
}
