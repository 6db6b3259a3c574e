using System.Text.Json;
using System.Text.Json.Serialization;
using FunctionApp.Tasks.Batches;
using FunctionApp.Tasks.Webhooks;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace FunctionApp.Tasks;

/// <summary>Body of the answer 202. The status and, if there is one, the result are for callers who preferred to wait.</summary>
public sealed record SubmittedTask(
    [property: JsonPropertyName("task_id")] string TaskId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Status = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Result = null);

/// <summary>What somebody wants done.</summary>
/// <param name="Input">JSON of at most 64 KiB.</param>
/// <param name="Items">The items of a batch.</param>
/// <param name="RetryOf">ID of the task whose input it was before.</param>
/// <param name="FormerWebhook">The webhook of that task.</param>
public sealed record Submission(
    TaskKind Kind, BinaryData Input, BatchItems? Items = null, string? RetryOf = null, string? FormerWebhook = null)
{
    /// <summary>The task's kind.</summary>
    public string KindName => Items is null ? Kind.Name : Kind.BatchName;

    /// <summary>What makes one submission another one than before.</summary>
    public string Fingerprint() => $"{KindName}\n{Input}\n{RetryOf}\n{(Items is null ? "" : string.Join('\n', Items.Inputs))}";
}

/// <summary>
/// Accepts tasks. A submission that breaks off half-way is completed by whoever sends its key again or reads its row.
/// </summary>
public sealed class TaskSubmission(
    TaskStarter starter, TaskWatcher watcher, IOptions<WebhookSettings> webhooks, TimeProvider time, ILogger<TaskSubmission> logger)
{
    /// <summary>The answer to a submission: 202 with the task's ID, or the problem with the request.</summary>
    public async Task<IResult> SubmitAsync(TaskKind kind, HttpRequest request, DurableTaskClient client)
    {
        var members = JsonMembers.Parse(await RequestBody.ReadAsync(request, TaskRow.MaxBytes));
        BinaryData input = kind.ReadInput(members);
        if (members.Errors.Count > 0)
        {
            return TypedResults.ValidationProblem(members.Errors, "The body is not a valid input for this kind of task.");
        }

        TaskJson.CheckSize("The input", input.ToMemory().Length);
        return await AcceptAsync(new Submission(kind, input), request, client);
    }

    /// <summary>
    /// Starts a task whose input is known, with the options of the request. With the header <c>Idempotency-Key</c> the
    /// answer has the ID of the first submission with this key.
    /// </summary>
    public async Task<IResult> AcceptAsync(Submission submission, HttpRequest request, DurableTaskClient client)
    {
        DateTimeOffset now = time.GetUtcNow();
        Dictionary<string, string[]> errors = [];
        var options = SubmissionOptions.Read(request, webhooks.Value, submission.FormerWebhook, now, errors);
        string? keyHash = null;
        if (request.Headers.TryGetValue(IdempotencyKey.Header, out StringValues key) && !IdempotencyKey.TryHash(key, out keyHash))
        {
            errors[IdempotencyKey.Header] = ["must be one value of 1 to 255 visible ASCII characters"];
        }

        if (errors.Count > 0)
        {
            return TypedResults.ValidationProblem(errors, $"These options are not valid: {string.Join(", ", errors.Keys)}.");
        }

        TaskRow CreateRow(TaskId id) => new(id)
        {
            Kind = submission.KindName,
            Activity = submission.Kind.Activity,
            Input = submission.Input,
            TimeLimit = (long)submission.Kind.TimeLimit.TotalMilliseconds,
            MaxAttempts = submission.Kind.MaxAttempts,
            Items = submission.Items?.Inputs.Count,
            StartAt = options.StartTime(now),
            StartBy = now + options.ExpiresIn,
            KeyHash = keyHash,
            RetryOf = submission.RetryOf,
            WebhookUrl = options.Webhook,
            WebhookDone = options.Webhook is null ? null : false,
        };

        // From here on the caller's leaving changes nothing.
        using var writing = new CancellationTokenSource(RequestTimeLimit.Longest, time);
        var newId = TaskId.Create(now);
        if (keyHash is null)
        {
            await starter.StartAsync(CreateRow(newId), submission.Items, client, writing.Token);
            return await AnswerAsync(submission, newId, request, client);
        }

        return await starter.StartOnceAsync(
            keyHash, $"{submission.Fingerprint()}\n{options.Fingerprint()}", newId, CreateRow, submission.Items, client, writing.Token) is { } id
            ? await AnswerAsync(submission, id, request, client)
            : TypedResults.Problem(
                "This Idempotency-Key was sent before with another submission.", statusCode: StatusCodes.Status422UnprocessableEntity);
    }

    /// <summary>
    /// 202; to a caller who prefers to wait, only once the task has ended or the time is up. The task is accepted, whatever
    /// comes of the wait: an answer that says otherwise would make the caller submit it twice.
    /// </summary>
    private async Task<IResult> AnswerAsync(Submission submission, TaskId id, HttpRequest request, DurableTaskClient client)
    {
        IHeaderDictionary headers = request.HttpContext.Response.Headers;
        PathString prefix = request.PathBase;
        headers["Operation-Location"] = $"{prefix}/tasks/{id}";
        headers.RetryAfter = TaskAnswers.RetryAfter;
        TaskRow? row = null;
        try
        {
            row = Prefer.Wait(request) is null ? null : await watcher.ReadAsync(
                id.ToString(), request.HttpContext, client, row => !row.IsUnfinished, TaskColumns.Result);
        }
        catch (Exception e) when (Outage.Is(e))
        {
            logger.WaitFailed(e, id.ToString());
        }

        var answer = new SubmittedTask(id.ToString(), row?.StatusAt(time.GetUtcNow()), row?.Result is { } result ? JsonElement.Parse(result) : null);
        return TypedResults.Accepted($"{prefix}/{submission.KindName}/{id}", answer);
    }
}
