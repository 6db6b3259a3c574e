using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tasks;

/// <summary>Answers the question for a task's result: 200, or 404 with <c>task_status</c> and a <c>detail</c>.</summary>
public sealed class TaskResults(LongPolling polling, TaskBlobs blobs, TimeProvider time)
{
    /// <summary>Value of the header <c>Retry-After</c>, in seconds, of an answer about an unfinished task.</summary>
    public const string RetryAfter = "1";

    /// <param name="kind">Tasks of other kinds are unknown here.</param>
    public Task<IResult> GetAsync(TaskKind kind, string taskId, HttpRequest request, DurableTaskClient client) => GetAsync(
        kind.Name, taskId, request, client, row => Task.FromResult(Result(row)));

    /// <param name="kind">Tasks of other kinds are unknown here.</param>
    /// <param name="readResult">The answer for a task that has succeeded.</param>
    /// <param name="ofAnyEnd">That is also the answer for a task that has failed or was canceled.</param>
    public async Task<IResult> GetAsync(
        string kind, string taskId, HttpRequest request, DurableTaskClient client, Func<TaskRow, Task<IResult>> readResult, bool ofAnyEnd = false)
    {
        if (await polling.ReadAsync(taskId, request.HttpContext, client, row => !row.IsUnfinished, TaskColumns.Outcome) is not { } row
            || row.Kind != kind)
        {
            return TaskProblems.Unknown();
        }

        if (row.IsUnfinished)
        {
            request.HttpContext.Response.Headers.RetryAfter = RetryAfter;
        }

        return row.Status switch
        {
            RowStatus.Succeeded => await readResult(row),
            RowStatus.Failed or RowStatus.Canceled when ofAnyEnd => await readResult(row),
            RowStatus.Pending => TaskProblems.NotFound(row.StatusAt(time.GetUtcNow()), "The task has not started yet."),
            RowStatus.Running => TaskProblems.NotFound(row.StatusAt(time.GetUtcNow()), "The task has not ended yet."),
            _ => TaskProblems.NotFound(row.Status.ToString()!, row.ErrorDetail!),
        };
    }

    // The bytes as they are stored: they need not be parsed for the caller.
    private IResult Result(TaskRow row) => row.ResultSize is { } size
        ? new StoredResult(blobs, TaskBlobs.ResultName(row.Id, row.Run!), size)
        : TypedResults.Text([.. StoredResult.Start, .. row.Result!.ToMemory().Span, .. StoredResult.End], StoredResult.ContentType);
}
