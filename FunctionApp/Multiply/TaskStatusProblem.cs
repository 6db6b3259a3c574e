using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Multiply;

/// <summary>The 404 of a task without a result: <c>task_status</c> and <c>detail</c> say where it stands.</summary>
internal static class TaskStatusProblem
{
    public static ProblemHttpResult Unknown() => Create("Unknown", "There is no such task.");

    /// <summary>The status of <paramref name="task"/>; <c>Retry-After</c> only where polling can still help.</summary>
    public static ProblemHttpResult For(OrchestrationMetadata? task, HttpResponse response)
    {
        switch (task?.RuntimeStatus)
        {
            // Completed without a row: the result has been deleted since.
            case null or OrchestrationRuntimeStatus.Completed:
                return Unknown();
            case OrchestrationRuntimeStatus.Failed:
                return Create("Failed", FailureReason(task));
            case OrchestrationRuntimeStatus.Terminated:
                return Create("Terminated", TerminationReason(task));
            case OrchestrationRuntimeStatus status:
                response.Headers.RetryAfter = Polling.RetryAfter;
                return status == OrchestrationRuntimeStatus.Pending
                    ? Create("Pending", "The task has not started yet.")
                    : Create("Running", "The task is not finished yet.");
        }
    }

    private static ProblemHttpResult Create(string status, string detail) => TypedResults.Problem(
        detail,
        statusCode: StatusCodes.Status404NotFound,
        extensions: [KeyValuePair.Create<string, object?>("task_status", status)]);

    private static string FailureReason(OrchestrationMetadata task) =>
        task.FailureDetails is { } failure && failure.ErrorType == typeof(MultiplicationFailedException).FullName
            ? failure.ErrorMessage
            : "The task failed for an internal reason, which stands in the service's logs.";

    // A JSON string when the client terminated it, bare text when the management API did.
    private static string TerminationReason(OrchestrationMetadata task)
    {
        string? output = task.SerializedOutput;
        if (output is ['"', .., '"'])
        {
            output = JsonSerializer.Deserialize<string>(output);
        }

        return string.IsNullOrWhiteSpace(output) ? "The task was terminated." : $"The task was terminated: {output}";
    }
}
