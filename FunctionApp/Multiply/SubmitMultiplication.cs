using System.Text.Json.Serialization;
using DurableTask.Core.Exceptions;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Primitives;

namespace FunctionApp.Multiply;

/// <summary>Body of the answer 202.</summary>
public sealed record SubmittedTask([property: JsonPropertyName("task_id")] string TaskId);

/// <summary>
/// <c>POST /multiply</c>: accepts a task and answers with its ID, without waiting for it. With the header
/// <c>Idempotency-Key</c> the ID follows from the key, and the task is started only if it is not there yet.
/// </summary>
public sealed class SubmitMultiplication(SlowMultiplySettings settings)
{
    [Function(nameof(SubmitMultiplication))]
    public Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "multiply")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
        => Problems.AnswerAsync(request, Polling.TimeLimit, bounded => SubmitAsync(request, client, bounded), cancellationToken);

    private async Task<IResult> SubmitAsync(HttpRequest request, DurableTaskClient client, CancellationToken cancellationToken)
    {
        string taskId;
        if (!request.Headers.TryGetValue(IdempotencyKey.Header, out StringValues key))
        {
            taskId = Guid.NewGuid().ToString();
        }
        else if (!IdempotencyKey.TryGetTaskId(key, out taskId))
        {
            return TypedResults.ValidationProblem(
                new Dictionary<string, string[]>
                {
                    [IdempotencyKey.Header] = ["must be one value of 1 to 255 visible ASCII characters"],
                },
                $"The header {IdempotencyKey.Header} is not valid.");
        }

        if (await RequestBody.ReadAsync(request, cancellationToken) is not { } body)
        {
            return TypedResults.Problem("The body has more than 64 KiB.", statusCode: StatusCodes.Status413PayloadTooLarge);
        }

        if (MultiplicationBody.Parse(body.Span, out Dictionary<string, string[]> errors) is not { } numbers)
        {
            return TypedResults.ValidationProblem(errors, "The body must be a JSON object with the numbers x and y.");
        }

        var task = new Multiplication(numbers.X, numbers.Y, settings.Timeout);
        if (!await StartAsync(client, taskId, task, cancellationToken))
        {
            return TypedResults.Problem(
                "This Idempotency-Key was sent before with other numbers.",
                statusCode: StatusCodes.Status422UnprocessableEntity);
        }

        request.HttpContext.Response.Headers.RetryAfter = Polling.RetryAfter;
        return TypedResults.Accepted($"/multiply/{taskId}", new SubmittedTask(taskId));
    }

    /// <summary>False if the ID is that of another task. Only an ID from an idempotency key can be taken at all.</summary>
    private static async Task<bool> StartAsync(
        DurableTaskClient client, string taskId, Multiplication task, CancellationToken cancellationToken)
    {
        try
        {
            // Without these statuses, an ended instance would be started anew.
            StartOrchestrationOptions options = new StartOrchestrationOptions(InstanceId: taskId)
                .WithDedupeStatuses([.. StartOrchestrationOptionsExtensions.ValidDedupeStatuses]);
            await client.ScheduleNewOrchestrationInstanceAsync(nameof(MultiplyOrchestration), task, options, cancellationToken);
            return true;
        }
        catch (OrchestrationAlreadyExistsException)
        {
            OrchestrationMetadata? existing =
                await client.GetInstanceAsync(taskId, getInputsAndOutputs: true, cancellationToken);

            // Purged between the two calls: the caller's next try will start it.
            Multiplication first = existing?.ReadInputAs<Multiplication>() ?? throw new TimeoutException();
            return JsonNumber.AreSame(first.X, task.X) && JsonNumber.AreSame(first.Y, task.Y);
        }
    }
}
