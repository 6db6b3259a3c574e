using System.Text.Json;
using System.Text.Json.Serialization;
using FunctionApp.Tasks.Batches;
using Microsoft.AspNetCore.Http;

namespace FunctionApp.Tasks;

/// <summary>A task as callers see it; times are in UTC. In lists without <c>input</c> and <c>result</c>.</summary>
/// <param name="Status">Scheduled, Pending, Running, Succeeded, Failed or Canceled.</param>
/// <param name="Progress">0 to 1, of the present attempt.</param>
/// <param name="StartedAt">When the present attempt started.</param>
/// <param name="ExpiresAt">When the task will be deleted; null if it is unfinished or kept for ever.</param>
/// <param name="InputSummary">The beginning of the input.</param>
/// <param name="ResultSummary">The beginning of the result.</param>
/// <param name="Items">Of a batch.</param>
/// <param name="InputFile">The input, where it is too large to stand here, or is no JSON.</param>
/// <param name="ResultFile">The result, where it is too large to stand here.</param>
/// <param name="Files">What a task has left that has succeeded.</param>
/// <param name="LogSize">How many bytes the log has.</param>
/// <param name="RetryOf">ID of the task whose input this one has again.</param>
public sealed record TaskView(
    string TaskId,
    string Kind,
    string? Label,
    string Status,
    double? Progress,
    string? Message,
    DateTimeOffset CreatedAt,
    DateTimeOffset? StartAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt,
    DateTimeOffset? ExpiresAt,
    int Attempt,
    string? InputSummary,
    string? ResultSummary,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ItemCounts? Items,
    string? RetryOf,
    WebhookView? Webhook,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Input,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Result,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] FileView? InputFile,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] FileView? ResultFile,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<FileView>? Files,
    long LogSize,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TaskError? Error,
    TaskLinks Links)
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <param name="retention">How long ended tasks are kept; null for ever.</param>
    /// <param name="prefix">What the links begin with.</param>
    public static TaskView Of(TaskRow row, DateTimeOffset now, TimeSpan? retention, string? prefix)
    {
        string id = row.Id.ToString();
        return new(
            id,
            row.Kind!,
            string.IsNullOrEmpty(row.Label) ? null : row.Label,
            row.StatusAt(now),
            row.Progress,
            string.IsNullOrEmpty(row.Message) ? null : row.Message,
            row.Id.CreatedAt,
            row.StartAt,
            row.StartedAt,
            row.EndedAt,
            Expiry(row, retention),
            row.Attempt ?? 0,
            row.InputSummary,
            row.ResultSummary,
            ItemCounts.Of(row),
            row.RetryOf,
            WebhookView.Of(row),
            row.Input is null ? null : JsonElement.Parse(row.Input),
            row.Result is null ? null : JsonElement.Parse(row.Result),
            FileView.OfInput(row, prefix),
            FileView.OfResult(row, prefix),
            FileView.OfOutputs(row, prefix),
            row.LogSize ?? 0,
            row.ErrorCode is null ? null : new(row.ErrorCode, row.ErrorDetail!),
            new($"{prefix}/tasks/{id}", $"{prefix}/{row.Kind}/{id}", $"{prefix}/tasks/{id}/cancel", $"{prefix}/tasks/{id}/retry", $"{prefix}/tasks/{id}/log"));
    }

    /// <summary>Validator of what callers see of a row. It changes with whatever the view is made of, which need not be made for it.</summary>
    public static string ETag(TaskRow row, DateTimeOffset now, TimeSpan? retention, string? prefix) =>
        $"\"{$"{row.ETag}\n{row.StatusAt(now)}\n{Expiry(row, retention)?.UtcTicks}\n{prefix}".Sha256()[..32]}\"";

    public IResult Answer(int status = StatusCodes.Status200OK) => TypedResults.Json(this, Json, statusCode: status);

    private static DateTimeOffset? Expiry(TaskRow row, TimeSpan? retention) =>
        row.ExpiresAt is null ? row.EndedAt + retention : row.ExpiresAt == TaskRow.Never ? null : row.ExpiresAt;
}

/// <summary>How many items a batch has, and how many of them have ended so far; null where that is not known.</summary>
public sealed record ItemCounts(int Total, int? Succeeded, int? Failed)
{
    /// <summary>Null if the task is no batch.</summary>
    public static ItemCounts? Of(TaskRow row)
    {
        if (row.Items is not { } total)
        {
            return null;
        }

        int? failed = row.Slices is null ? 0 : row.FailedItems;
        return new(total, Slices.Of(row).CountItems(row.Slices ?? 0) - failed, failed);
    }
}

/// <param name="LastStatus">The HTTP status of the last attempt, or why there was none.</param>
/// <param name="Done">Whether there will be no further attempt.</param>
/// <param name="NextAttemptAt">Not before then; null while the task is unfinished, and if there will be none.</param>
public sealed record WebhookView(string Url, int Attempts, string? LastStatus, bool Done, DateTimeOffset? NextAttemptAt)
{
    /// <summary>Null if the task has no webhook.</summary>
    public static WebhookView? Of(TaskRow row) => row.WebhookUrl is null ? null : new(
        row.WebhookUrl,
        row.WebhookAttempts ?? 0,
        row.WebhookStatus,
        row.WebhookDone ?? false,
        row.WebhookDone == true ? null : row.WebhookNextAt ?? row.EndedAt);
}

/// <summary>Paths; in a webhook whole URLs.</summary>
public sealed record TaskLinks(string Self, string Result, string Cancel, string Retry, string Log);
