using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Multiply;

/// <summary>Body of the answer 202.</summary>
public sealed record SubmittedTask([property: JsonPropertyName("task_id")] string TaskId);

/// <summary><c>POST /multiply</c>: accepts a task and answers with its ID, without waiting for it.</summary>
public sealed class SubmitMultiplication(SlowMultiplySettings settings)
{
    private const int MaxBodyLength = 64 * 1024;

    [Function(nameof(SubmitMultiplication))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "multiply")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        try
        {
            if (await ReadBodyAsync(request, cancellationToken) is not { } body)
            {
                return TypedResults.Problem(
                    "The body has more than 64 KiB.", statusCode: StatusCodes.Status413PayloadTooLarge);
            }

            if (MultiplicationBody.Parse(body.Span, out Dictionary<string, string[]> errors) is not { } numbers)
            {
                return TypedResults.ValidationProblem(
                    errors, "The body must be a JSON object with the numbers x and y.");
            }

            string taskId = await client.ScheduleNewOrchestrationInstanceAsync(
                nameof(MultiplyOrchestration),
                new Multiplication(numbers.X, numbers.Y, settings.Timeout),
                new StartOrchestrationOptions(InstanceId: Guid.NewGuid().ToString()),
                cancellationToken);
            request.HttpContext.Response.Headers.RetryAfter = Polling.RetryAfter;
            return TypedResults.Accepted($"/multiply/{taskId}", new SubmittedTask(taskId));
        }
        catch (Exception e) when (Problems.IsOutage(e))
        {
            return Problems.Outage(request.HttpContext.Response);
        }
    }

    private static async Task<ReadOnlyMemory<byte>?> ReadBodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > MaxBodyLength)
        {
            return null;
        }

        // One byte more than may come, to notice when it does.
        byte[] buffer = new byte[(request.ContentLength ?? MaxBodyLength) + 1];
        int length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return length > MaxBodyLength ? null : buffer.AsMemory(0, length);
    }
}
