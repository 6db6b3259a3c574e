using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks;

/// <summary>
/// What an activity does its work in: it keeps the row alive while the work goes on, ends it at its time limit or when
/// the task has ended elsewhere, and writes how it ended. An activity runs at least once, so work must be repeatable.
/// </summary>
public sealed class TaskRunner(
    [FromKeyedServices(TaskServices.Patient)] TaskTable tasks, TimeProvider time, ILogger<TaskRunner> logger)
{
    /// <summary>Runs <paramref name="work"/> and writes the task's end.</summary>
    /// <param name="work">
    /// Gets the task's input, reports its progress, and returns the result, which must serialize to at most 64 KiB of
    /// JSON. Its token is cancelled when nobody wants the result any more; work that ignores it is left alone, and
    /// what it returns is dropped. A <see cref="PermanentFailureException"/> fails the task at once, any other
    /// exception this attempt.
    /// </param>
    /// <param name="stopping">The invocation's token.</param>
    public async Task RunAsync<TInput, TResult>(
        TaskExecution execution, Func<TInput, TaskProgress, CancellationToken, Task<TResult>> work, CancellationToken stopping)
    {
        using Activity? trace = Telemetry.Source.StartActivity(execution.Start.Activity, ActivityKind.Internal, execution.Start.TraceParent);
        trace?.SetTag("task_id", execution.TaskId);
        using IDisposable? scope = logger.TaskScope(execution.TaskId);

        var progress = new TaskProgress();
        var heartbeat = new Heartbeat(tasks, execution, progress, time, logger);
        if (await heartbeat.BeginAsync(stopping) && await EndAsync(execution, work, progress, heartbeat, stopping) is { } end)
        {
            await heartbeat.EndAsync(end, stopping);
        }
    }

    /// <summary>How the task ended; null if it has ended elsewhere.</summary>
    private async Task<TaskRow?> EndAsync<TInput, TResult>(
        TaskExecution execution,
        Func<TInput, TaskProgress, CancellationToken, Task<TResult>> work,
        TaskProgress progress,
        Heartbeat heartbeat,
        CancellationToken stopping)
    {
        var id = TaskId.Parse(execution.TaskId);
        TimeSpan remaining = execution.Deadline - time.GetUtcNow();
        if (remaining <= TimeSpan.Zero)
        {
            return TimedOut();
        }

        // Not disposed: work that ignores it may still ask it.
        var unwanted = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var finished = new CancellationTokenSource();
        TInput input = JsonSerializer.Deserialize<TInput>(execution.Start.Input, JsonSerializerOptions.Web)!;
        Task<TResult> working = Task.Run(() => work(input, progress, unwanted.Token), CancellationToken.None);
        var deadline = Task.Delay(remaining, time, finished.Token);
        Task displaced = heartbeat.UntilDisplacedAsync(finished.Token);
        Task first = await Task.WhenAny(working, deadline, displaced);
        await unwanted.CancelAsync();
        await finished.CancelAsync();
        await displaced.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        if (first == working)
        {
            return await ResultAsync(id, execution, working);
        }

        LogLateFailure(working, execution);
        return first == deadline ? TimedOut() : null;

        TaskRow TimedOut() => TaskRow.Failed(id, TaskError.Timeout(execution.Start.TimeLimit), time.GetUtcNow());
    }

    private async Task<TaskRow> ResultAsync<TResult>(TaskId id, TaskExecution execution, Task<TResult> working)
    {
        try
        {
            BinaryData result = Serialize(await working);
            return TaskRow.Succeeded(id, result, time.GetUtcNow());
        }
        catch (PermanentFailureException e)
        {
            return TaskRow.Failed(id, e.Error, time.GetUtcNow());
        }
        catch (Exception e)
        {
            logger.AttemptFailed(e, execution.TaskId, execution.Attempt);
            throw;
        }
    }

    /// <summary>A result as JSON.</summary>
    /// <exception cref="PermanentFailureException">It is too large, or cannot be written.</exception>
    internal static BinaryData Serialize<TResult>(TResult result)
    {
        byte[] json;
        try
        {
            json = JsonSerializer.SerializeToUtf8Bytes(result, JsonSerializerOptions.Web);
        }
        catch (ArgumentException)
        {
            // System.Text.Json, of a double that is infinite or not a number.
            throw new PermanentFailureException("The result contains a number that is not finite.", "not_finite");
        }

        return json.Length <= TaskRow.MaxBytes
            ? new BinaryData(json)
            : throw new PermanentFailureException(
                $"The result has {json.Length:N0} bytes of JSON, but at most {TaskRow.MaxBytes:N0} can be stored.", "too_large");
    }

    private void LogLateFailure(Task working, TaskExecution execution) => _ = working.ContinueWith(
        late => logger.LateFailure(late.Exception!.InnerException!, execution.TaskId, execution.Attempt),
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted,
        TaskScheduler.Default);
}
