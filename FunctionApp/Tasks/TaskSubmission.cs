using System.Text.Json;
using System.Text.Json.Serialization;
using FunctionApp.Tasks.Webhooks;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace FunctionApp.Tasks;

/// <summary>Body of the answer 202. The status and, if there is one, the result are for callers who preferred to wait.</summary>
public sealed record SubmittedTask(
    [property: JsonPropertyName("task_id")] string TaskId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Status = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Result = null);

/// <summary>
/// Accepts tasks. A submission that breaks off half-way is completed by whoever sends its key again or reads its row.
/// </summary>
public sealed class TaskSubmission(TaskStarter starter, TaskWatcher watcher, IOptions<WebhookSettings> webhooks, TimeProvider time)
{
    /// <summary>The answer to a submission: 202 with the task's ID, or the problem with the request.</summary>
    /// <param name="readInput">Reads the task's input from the body's members; what is wrong it leaves in their errors.</param>
    public async Task<IResult> SubmitAsync<TInput>(
        TaskKind kind, HttpRequest request, DurableTaskClient client, Func<JsonMembers, TInput> readInput)
    {
        if (await RequestBody.ReadAsync(request, request.HttpContext.RequestAborted) is not { } body)
        {
            return TypedResults.Problem("The body is larger than 64 KiB.", statusCode: StatusCodes.Status413PayloadTooLarge);
        }

        var members = JsonMembers.Parse(body.Span);
        TInput input = readInput(members);
        return members.Errors.Count == 0
            ? await AcceptAsync(kind, new BinaryData(input, JsonSerializerOptions.Web), request, client)
            : TypedResults.ValidationProblem(members.Errors, "The body is not a valid input of this task.");
    }

    /// <summary>
    /// Starts a task whose input is known, with the options of the request. With the header <c>Idempotency-Key</c> the
    /// answer has the ID of the first submission with this key.
    /// </summary>
    /// <param name="input">JSON of at most 64 KiB.</param>
    /// <param name="retryOf">ID of the task whose input it was before.</param>
    public async Task<IResult> AcceptAsync(
        TaskKind kind, BinaryData input, HttpRequest request, DurableTaskClient client, string? retryOf = null)
    {
        DateTimeOffset now = time.GetUtcNow();
        Dictionary<string, string[]> errors = [];
        var options = SubmissionOptions.Read(request, webhooks.Value, now, errors);
        string? keyHash = null;
        if (request.Headers.TryGetValue(IdempotencyKey.Header, out StringValues key) && !IdempotencyKey.TryHash(key, out keyHash))
        {
            errors[IdempotencyKey.Header] = ["must be one value of 1 to 255 visible ASCII characters"];
        }

        if (errors.Count > 0)
        {
            return TypedResults.ValidationProblem(errors, $"Not valid: {string.Join(", ", errors.Keys)}.");
        }

        TaskRow CreateRow(TaskId id) => new(id)
        {
            Kind = kind.Name,
            Activity = kind.Activity,
            Input = input,
            TimeLimit = (long)kind.TimeLimit.TotalMilliseconds,
            Status = RowStatus.Pending,
            StartAt = options.StartTime(now),
            KeyHash = keyHash,
            RetryOf = retryOf,
            WebhookUrl = options.Webhook,
        };

        // From here on the caller's leaving changes nothing.
        using var writing = new CancellationTokenSource(ProblemDetailsMiddleware.TimeLimit, time);
        var newId = TaskId.Create(now);
        if (keyHash is null)
        {
            await starter.StartAsync(CreateRow(newId), client, writing.Token);
            return await AnswerAsync(kind, newId, request, client);
        }

        string submission = $"{kind.Name}\n{input}\n{options}\n{retryOf}";
        return await starter.StartOnceAsync(keyHash, submission, newId, CreateRow, client, writing.Token) is { } id
            ? await AnswerAsync(kind, id, request, client)
            : TypedResults.Problem(
                "This Idempotency-Key was sent before with another submission.", statusCode: StatusCodes.Status422UnprocessableEntity);
    }

    /// <summary>202; to a caller who prefers to wait, only once the task has ended or the time is up.</summary>
    private async Task<IResult> AnswerAsync(TaskKind kind, TaskId id, HttpRequest request, DurableTaskClient client)
    {
        IHeaderDictionary headers = request.HttpContext.Response.Headers;
        headers["Operation-Location"] = $"/tasks/{id}";
        headers.RetryAfter = TaskAnswers.RetryAfter;
        TaskRow? row = Prefer.Wait(request) is null ? null : await watcher.ReadAsync(id, request.HttpContext, client, row => !row.IsUnfinished);
        var answer = new SubmittedTask(id.ToString(), row?.StatusAt(time.GetUtcNow()), row?.Result is { } result ? JsonElement.Parse(result) : null);
        return TypedResults.Accepted($"/{kind.Name}/{id}", answer);
    }
}
