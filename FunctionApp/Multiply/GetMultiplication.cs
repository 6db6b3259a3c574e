using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Multiply;

/// <summary>Body of the answer 200.</summary>
/// <param name="Result">A JSON number, written as it stands in the results table.</param>
public sealed record MultiplicationResult(JsonElement Result);

/// <summary>
/// <c>GET /multiply/{task_id}</c>: the result, or 404 with the task's status. The row comes first, so that a finished
/// task costs one point read; the durable client is only asked when there is none.
/// </summary>
public sealed class GetMultiplication(ResultsTable results)
{
    [Function(nameof(GetMultiplication))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "multiply/{taskId}")] HttpRequest request,
        string taskId,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
        => Guid.TryParseExact(taskId, "D", out Guid id)
            // Instance IDs and keys are case-sensitive; UUIDs are not.
            ? await Problems.AnswerAsync(
                request, Polling.TimeLimit, bounded => GetAsync(request, id.ToString(), client, bounded), cancellationToken)
            : TaskStatusProblem.Unknown();

    private async Task<IResult> GetAsync(
        HttpRequest request, string taskId, DurableTaskClient client, CancellationToken cancellationToken)
    {
        if (await results.FindAsync(taskId, cancellationToken) is { } result)
        {
            return Found(result);
        }

        // With outputs: they hold the reason of a failure or termination.
        OrchestrationMetadata? task = await client.GetInstanceAsync(taskId, getInputsAndOutputs: true, cancellationToken);

        // It may have finished between the two questions.
        return task?.RuntimeStatus == OrchestrationRuntimeStatus.Completed
            && await results.FindAsync(taskId, cancellationToken) is { } lateResult
            ? Found(lateResult)
            : TaskStatusProblem.For(task, request.HttpContext.Response);
    }

    private static IResult Found(string result) => TypedResults.Ok(new MultiplicationResult(JsonElement.Parse(result)));
}
