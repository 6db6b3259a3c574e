using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Primitives;

namespace FunctionApp.Tasks;

/// <summary>Body of the answer 202.</summary>
public sealed record SubmittedTask([property: JsonPropertyName("task_id")] string TaskId);

/// <summary>
/// Accepts tasks. A submission that breaks off half-way is completed by whoever sends its key again or reads its row.
/// </summary>
public sealed class TaskSubmission(TaskStarter starter, TimeProvider time)
{
    /// <summary>
    /// The answer to a submission: 202 with the task's ID, or the problem with the request. With the header
    /// <c>Idempotency-Key</c> the ID is that of the first submission with this key.
    /// </summary>
    /// <param name="readInput">Reads the task's input from the body's members; what is wrong it leaves in their errors.</param>
    public async Task<IResult> SubmitAsync<TInput>(
        TaskKind kind, HttpRequest request, DurableTaskClient client, Func<JsonMembers, TInput> readInput)
    {
        string? keyHash = null;
        if (request.Headers.TryGetValue(IdempotencyKey.Header, out StringValues key) && !IdempotencyKey.TryHash(key, out keyHash))
        {
            return Problems.Invalid(IdempotencyKey.Header, "must be one value of 1 to 255 visible ASCII characters");
        }

        if (await RequestBody.ReadAsync(request, request.HttpContext.RequestAborted) is not { } body)
        {
            return TypedResults.Problem("The body is larger than 64 KiB.", statusCode: StatusCodes.Status413PayloadTooLarge);
        }

        var members = JsonMembers.Parse(body.Span);
        TInput input = readInput(members);
        if (members.Errors.Count > 0)
        {
            return TypedResults.ValidationProblem(members.Errors, "The body is not a valid input of this task.");
        }

        var json = new BinaryData(input, JsonSerializerOptions.Web);
        TaskRow CreateRow(TaskId id) => new(id)
        {
            Kind = kind.Name,
            Activity = kind.Activity,
            Input = json,
            TimeLimit = (long)kind.TimeLimit.TotalMilliseconds,
            Status = RowStatus.Pending,
            KeyHash = keyHash,
        };

        // From here on the caller's leaving changes nothing.
        using var writing = new CancellationTokenSource(ProblemDetailsMiddleware.TimeLimit, time);
        var newId = TaskId.Create(time.GetUtcNow());
        if (keyHash is null)
        {
            await starter.StartAsync(CreateRow(newId), client, writing.Token);
        }
        else if (await starter.StartOnceAsync(keyHash, newId, CreateRow, client, writing.Token) is { } keysId)
        {
            newId = keysId;
        }
        else
        {
            return TypedResults.Problem(
                "This Idempotency-Key was sent before with another submission.", statusCode: StatusCodes.Status422UnprocessableEntity);
        }

        request.HttpContext.Response.Headers.RetryAfter = TaskAnswers.RetryAfter;
        return TypedResults.Accepted($"/{kind.Name}/{newId}", new SubmittedTask(newId.ToString()));
    }
}
