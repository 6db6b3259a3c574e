using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tasks;

/// <summary>Body of the answer 200.</summary>
/// <param name="Result">JSON, as it stands in the row.</param>
public sealed record TaskResult(JsonElement Result);

/// <summary>Answers the question for a task's result: 200, or 404 with <c>task_status</c> and a <c>detail</c>.</summary>
public sealed class TaskAnswers(TaskWatcher watcher, TaskBlobs blobs, TimeProvider time)
{
    /// <summary>Value of the header <c>Retry-After</c>, in seconds, of an answer about an unfinished task.</summary>
    public const string RetryAfter = "1";

    /// <param name="kind">Tasks of other kinds are unknown here.</param>
    public Task<IResult> GetResultAsync(TaskKind kind, string taskId, HttpRequest request, DurableTaskClient client) => GetResultAsync(
        kind.Name, taskId, request, client, row => Task.FromResult(Result(row)));

    /// <param name="kind">Tasks of other kinds are unknown here.</param>
    /// <param name="readResult">The answer for a task that has succeeded.</param>
    /// <param name="ofAnyEnd">That is also the answer for a task that has failed or was canceled.</param>
    public async Task<IResult> GetResultAsync(
        string kind, string taskId, HttpRequest request, DurableTaskClient client, Func<TaskRow, Task<IResult>> readResult, bool ofAnyEnd = false)
    {
        if (await watcher.ReadAsync(taskId, request.HttpContext, client, row => !row.IsUnfinished, TaskColumns.Result) is not { } row
            || row.Kind != kind)
        {
            return Unknown();
        }

        if (row.IsUnfinished)
        {
            request.HttpContext.Response.Headers.RetryAfter = RetryAfter;
        }

        return row.Status switch
        {
            RowStatus.Succeeded => await readResult(row),
            RowStatus.Failed or RowStatus.Canceled when ofAnyEnd => await readResult(row),
            RowStatus.Pending => NotFound(row.StatusAt(time.GetUtcNow()), "The task has not started yet."),
            RowStatus.Running => NotFound(row.StatusAt(time.GetUtcNow()), "The task has not ended yet."),
            _ => NotFound(row.Status.ToString()!, row.ErrorDetail!),
        };
    }

    /// <summary>404: there is no such task.</summary>
    public static IResult Unknown() => NotFound("Unknown", "There is no such task.");

    /// <summary>404: tasks of that kind cannot be submitted here.</summary>
    public static IResult NoSuchKind() => TypedResults.Problem("There is no such kind of task.", statusCode: StatusCodes.Status404NotFound);

    /// <summary>409: the task's status does not allow what was asked for.</summary>
    public static IResult Conflict(string status, string detail) => Problem(StatusCodes.Status409Conflict, status, detail);

    /// <summary>412: the task is not what the caller has seen.</summary>
    public static IResult Changed(string status) =>
        Problem(StatusCodes.Status412PreconditionFailed, status, "The task has changed since: get it again.");

    /// <summary>404: the task has not what was asked for.</summary>
    public static ProblemHttpResult NotFound(string status, string detail) => Problem(StatusCodes.Status404NotFound, status, detail);

    private IResult Result(TaskRow row) => row.ResultSize is { } size
        ? new StoredResult(blobs, TaskBlobs.ResultName(row.Id, row.Run!), size)
        : TypedResults.Ok(new TaskResult(JsonElement.Parse(row.Result!)));

    private static ProblemHttpResult Problem(int statusCode, string status, string detail) => TypedResults.Problem(
        detail,
        statusCode: statusCode,
        extensions: [KeyValuePair.Create<string, object?>("task_status", status)]);
}
