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
    {
        if (!Guid.TryParseExact(taskId, "D", out Guid id))
        {
            return TaskStatusProblem.Unknown();
        }

        // Instance IDs and keys are case-sensitive; UUIDs are not.
        string instanceId = id.ToString();
        try
        {
            if (await results.FindAsync(instanceId, cancellationToken) is { } result)
            {
                return Found(result);
            }

            // With outputs: they hold the reason of a failure or termination.
            OrchestrationMetadata? task =
                await client.GetInstanceAsync(instanceId, getInputsAndOutputs: true, cancellationToken);

            // It may have finished between the two questions.
            return task?.RuntimeStatus == OrchestrationRuntimeStatus.Completed
                && await results.FindAsync(instanceId, cancellationToken) is { } lateResult
                ? Found(lateResult)
                : TaskStatusProblem.For(task, request.HttpContext.Response);
        }
        catch (Exception e) when (Problems.IsOutage(e))
        {
            return Problems.Outage(request.HttpContext.Response);
        }
    }

    private static IResult Found(string result) => TypedResults.Ok(new MultiplicationResult(JsonElement.Parse(result)));
}
