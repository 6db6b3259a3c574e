using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tasks;

/// <summary>Body of the answer 200.</summary>
/// <param name="Result">JSON, as it stands in the row.</param>
public sealed record TaskResult(JsonElement Result);

/// <summary>Answers the question for a task's result: 200, or 404 with <c>task_status</c> and a <c>detail</c>.</summary>
public sealed class TaskAnswers(TaskReader reader)
{
    /// <summary>Value of the header <c>Retry-After</c>, in seconds, of an answer about an unfinished task.</summary>
    public const string RetryAfter = "1";

    /// <param name="kind">Tasks of other kinds are unknown here.</param>
    public async Task<IResult> GetResultAsync(TaskKind kind, string taskId, HttpRequest request, DurableTaskClient client)
    {
        if (!TaskId.TryParse(taskId, out TaskId id)
            || await reader.FindAsync(id, client, request.HttpContext.RequestAborted) is not { } row
            || row.Kind != kind.Name)
        {
            return NotFound("Unknown", "There is no such task.");
        }

        if (row.IsUnfinished)
        {
            request.HttpContext.Response.Headers.RetryAfter = RetryAfter;
        }

        return row.Status switch
        {
            RowStatus.Succeeded => TypedResults.Ok(new TaskResult(JsonElement.Parse(row.Result))),
            RowStatus.Pending => NotFound("Pending", "The task has not started yet."),
            RowStatus.Running => NotFound("Running", "The task is not finished yet."),
            RowStatus status => NotFound(status.ToString(), row.ErrorDetail!),
            null => throw new InvalidOperationException($"The row of task {id} has no status."),
        };
    }

    private static ProblemHttpResult NotFound(string status, string detail) => TypedResults.Problem(
        detail,
        statusCode: StatusCodes.Status404NotFound,
        extensions: [KeyValuePair.Create<string, object?>("task_status", status)]);
}
