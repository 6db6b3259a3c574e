using System.Text.Json;
using System.Text.Json.Serialization;
using FunctionApp.Tasks.Batches;
using FunctionApp.Tasks.Upkeep;
using FunctionApp.Tasks.Webhooks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
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
/// <param name="Input">JSON of at most 64 KiB; null if all of the input is a blob.</param>
/// <param name="Blob">What of the input is a blob.</param>
/// <param name="Items">The items of a batch.</param>
/// <param name="Retried">The task whose input it was before, and some of whose options it keeps.</param>
public sealed record Submission(
    TaskKind Kind, BinaryData? Input, InputBlob? Blob = null, BatchItems? Items = null, TaskRow? Retried = null)
{
    /// <summary>The task in whose folder the blob is already.</summary>
    public TaskId? Id { get; init; }

    /// <summary>The task's kind.</summary>
    public string KindName => Items is null ? Kind.Name : Kind.BatchName;

    /// <summary>What makes one submission another one than before.</summary>
    public string Fingerprint() =>
        $"{KindName}\n{Input}\n{Retried?.Id}\n{(Items is null ? "" : string.Join('\n', Items.Inputs))}{(Blob is null ? "" : $"\n{Blob.Fingerprint}")}";
}

/// <summary>
/// Accepts tasks. A submission that breaks off half-way is completed by whoever sends its key again or reads its row.
/// </summary>
public sealed class TaskSubmitter(
    TaskCreator creator,
    TaskBlobs blobs,
    BodyUpload upload,
    OpenTasks open,
    LongPolling polling,
    PublicUrl publicUrl,
    IOptions<WebhookSettings> webhooks,
    TimeProvider time,
    ILogger<TaskSubmitter> logger)
{
    // The sweep goes over what was created since its last run, and some minutes before.
    private static readonly TimeSpan LongUpload = TimeSpan.FromMinutes(1);

    /// <summary>The answer to a submission: 202 with the task's ID, or the problem with the request.</summary>
    public async Task<IResult> SubmitAsync(TaskKind kind, HttpRequest request, DurableTaskClient client)
    {
        if (kind.ContentTypes.Count > 0)
        {
            return await SubmitBodyAsync(kind, request, client);
        }

        var members = JsonMembers.Parse(await RequestBody.ReadAsync(request, kind.MaxInput));
        BinaryData input = kind.ReadInput(members);
        int size = input.ToMemory().Length;
        TaskJson.CheckSize("The input", size, kind.MaxInput);
        Submission submission = size <= TaskRow.MaxBytes ? new(kind, input) : new(kind, Input: null, InputBlob.Of(input, blobs));
        return await AcceptAsync(submission, request, client, members.Errors);
    }

    /// <summary>The same, where the body is taken as it is. What is wrong is told before it comes.</summary>
    private async Task<IResult> SubmitBodyAsync(TaskKind kind, HttpRequest request, DurableTaskClient client)
    {
        string contentType = BodyUpload.Check(kind, request);
        var query = JsonMembers.Of(request.Query);
        BinaryData input = kind.ReadInput(query);
        TaskJson.CheckSize("The query", input.ToMemory().Length);
        if (Refusal(request, retried: null, query.Errors, time.GetUtcNow(), out _, out _) is { } refusal)
        {
            return refusal;
        }

        var id = TaskId.Create(time.GetUtcNow());
        InputBlob blob = await upload.ReceiveAsync(kind, request, id, contentType);
        return await AcceptAsync(new Submission(kind, input, blob) { Id = id }, request, client);
    }

    /// <summary>
    /// Starts a task whose input is known, with the options of the request. With the header <c>Idempotency-Key</c> the
    /// answer has the ID of the first submission with this key.
    /// </summary>
    /// <param name="inputErrors">What is wrong with the input, by name: it is told together with what is wrong with the options.</param>
    public async Task<IResult> AcceptAsync(
        Submission submission, HttpRequest request, DurableTaskClient client, IReadOnlyDictionary<string, string[]>? inputErrors = null)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (Refusal(request, submission.Retried, inputErrors, now, out SubmissionOptions options, out string? keyHash) is { } refusal)
        {
            return refusal;
        }

        TaskRow CreateRow(TaskId id) => new(id)
        {
            Kind = submission.KindName,
            Activity = submission.Kind.Activity,
            Input = submission.Input,
            BodySize = submission.Blob?.Size,
            BodyType = submission.Blob?.ContentType,
            BodyName = submission.Blob?.Name,
            HasBlobs = submission.Blob is null ? null : true,
            TimeLimit = (long)submission.Kind.TimeLimit.TotalMilliseconds,
            MaxAttempts = submission.Kind.MaxAttempts,
            Items = submission.Items?.Inputs.Count,
            SliceSize = submission.Items is null ? null : Slices.DefaultSize,
            StartAt = options.StartTime(now),
            StartBy = now + options.ExpiresIn,
            KeyHash = keyHash,
            InputSummary = submission.Blob?.Summary ?? (submission.Input is { } input ? TaskJson.Summary(input) : null),
            Label = options.Label,
            RetryOf = submission.Retried?.Id.ToString(),
            WebhookUrl = options.Webhook,
            WebhookLinks = options.Webhook is null ? null : publicUrl.Of(request),
            WebhookDone = options.Webhook is null ? null : false,
        };

        Task StoreAsync(TaskId id, CancellationToken cancellationToken) => submission.Blob?.StoreAsync(id, cancellationToken) ?? Task.CompletedTask;

        // From here on the work is not cancelled when the caller hangs up.
        using var writing = new CancellationTokenSource(RequestTimeLimit.Longest, time);
        TaskId newId = submission.Id ?? TaskId.Create(now);
        if (now - newId.CreatedAt > LongUpload)
        {
            await open.AddAsync([new OpenTask(newId, now + OpenTasks.WhileARequestLasts, client.Name)], writing.Token);
        }

        if (keyHash is null)
        {
            await StoreAsync(newId, writing.Token);
            await creator.CreateAsync(CreateRow(newId), submission.Items, client, writing.Token);
            TaskMetrics.Accepted(submission.KindName);
            return await AnswerAsync(submission, newId, request, client);
        }

        TaskId? id = await creator.CreateOnceAsync(
            keyHash, $"{submission.Fingerprint()}\n{options.Fingerprint()}", newId, CreateRow, StoreAsync, submission.Items, client, writing.Token);
        if (submission.Id is { } uploaded && uploaded != id)
        {
            await ForgetAsync(uploaded, writing.Token);
        }

        if (id == newId)
        {
            TaskMetrics.Accepted(submission.KindName);
        }

        return id is null
            ? TypedResults.Problem("This Idempotency-Key was sent before with another submission.", statusCode: StatusCodes.Status422UnprocessableEntity)
            : await AnswerAsync(submission, id.Value, request, client);
    }

    /// <summary>400 that tells at once everything that is wrong with input and options; null if nothing is.</summary>
    private ValidationProblem? Refusal(
        HttpRequest request,
        TaskRow? retried,
        IReadOnlyDictionary<string, string[]>? inputErrors,
        DateTimeOffset now,
        out SubmissionOptions options,
        out string? keyHash)
    {
        Dictionary<string, string[]> errors = [];
        options = SubmissionOptions.Read(request, webhooks.Value, retried, now, errors);
        keyHash = null;
        if (request.Headers.TryGetValue(IdempotencyKey.Header, out StringValues key) && !IdempotencyKey.TryHash(key, out keyHash))
        {
            errors[IdempotencyKey.Header] = ["must be one value of 1 to 255 visible ASCII characters"];
        }

        string[] sentences =
        [
            inputErrors is { Count: > 0 } ? "The input is not valid for this kind of task." : "",
            errors.Count > 0 ? $"These options are not valid: {string.Join(", ", errors.Keys)}." : "",
        ];

        // A kind's input may have a member with the name of an option.
        var all = errors.Concat(inputErrors ?? new Dictionary<string, string[]>()).GroupBy(error => error.Key, error => error.Value)
            .ToDictionary(group => group.Key, group => group.SelectMany(messages => messages).ToArray());
        return all.Count == 0 ? null : TypedResults.ValidationProblem(all, string.Join(' ', sentences.Where(sentence => sentence.Length > 0)));
    }

    /// <summary>Removes a body that came once more. If that fails, the sweep finds it.</summary>
    private async Task ForgetAsync(TaskId id, CancellationToken cancellationToken)
    {
        try
        {
            await blobs.RemoveFolderAsync(id, cancellationToken);
        }
        catch (Exception e) when (Outage.Is(e))
        {
            logger.LeftToSweep(e, id.ToString());
        }
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
        headers.RetryAfter = TaskResults.RetryAfter;
        TaskRow? row = null;
        try
        {
            row = Prefer.Wait(request) is null ? null : await polling.ReadAsync(
                id.ToString(), request.HttpContext, client, row => !row.IsUnfinished, TaskColumns.Outcome);
        }
        catch (Exception e) when (Outage.Is(e))
        {
            logger.WaitFailed(e, id.ToString());
        }

        var answer = new SubmittedTask(id.ToString(), row?.StatusAt(time.GetUtcNow()), row?.Result is { } result ? JsonElement.Parse(result) : null);
        return TypedResults.Accepted($"{prefix}/{submission.KindName}/{id}", answer);
    }
}
