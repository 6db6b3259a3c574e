using System.Text.Json;

namespace FunctionApp.Tasks;

/// <summary>What somebody wants changed of a task; null for what stays.</summary>
/// <param name="Label">Empty to take it away.</param>
/// <param name="ExpiresAt"><see cref="TaskRow.Never"/> to keep the task for ever.</param>
internal sealed record TaskPatch(DateTimeOffset? StartAt, string? Label, DateTimeOffset? ExpiresAt)
{
    private static readonly TimeSpan Farthest = TimeSpan.FromDays(365);

    /// <summary>The members of a body; what is wrong is left in its errors.</summary>
    public static TaskPatch Read(JsonMembers body, DateTimeOffset now)
    {
        JsonElement? startAt = body.Optional(
            "start_at",
            value => IsNull(value) || ReadTime(value) <= now + Farthest,
            $"must be an RFC 3339 time, at most 365 days ahead, such as {now.AddDays(1):yyyy-MM-dd'T'HH:mm:ss'Z'}, or null for now");
        JsonElement? label = body.Optional(
            "label",
            value => IsNull(value) || (value.ValueKind == JsonValueKind.String && TaskLabel.Refusal(value.GetString()!) is null),
            "must be a text of 1 to 64 characters, without control characters, or null for none");
        JsonElement? expiresAt = body.Optional(
            "expires_at",
            value => IsNull(value) || (ReadTime(value) > now && ReadTime(value) < TaskRow.Never),
            "must be an RFC 3339 time to come, or null for never");
        if (body.Errors.Count == 0 && startAt is null && label is null && expiresAt is null)
        {
            body.Errors["body"] = ["must have start_at, label or expires_at"];
        }

        return new(
            startAt is { } start ? ReadTime(start) ?? now : null,
            label is { } text ? text.ValueKind == JsonValueKind.String ? text.GetString() : "" : null,
            expiresAt is { } end ? ReadTime(end) ?? TaskRow.Never : null);
    }

    /// <summary>Why the task cannot be changed so; null if it can.</summary>
    public string? Conflict(TaskRow row, DateTimeOffset now) =>
        StartAt is null ? null
        // A start in the past is now: a caller whose answer was lost sends it again, and must not be refused.
        : row.Status != RowStatus.Pending || row.StartAt is null || (row.StartAt <= now && row.IsMoved != true) ? "The task does not wait for its start any more."
        : StartAt >= row.StartBy ? $"The task expires if it has not begun by {row.StartBy:O}."
        : null;

    public TaskChange ToChange(TaskId id) => new(id)
    {
        StartAt = StartAt,
        IsMoved = StartAt is null ? null : true,
        Label = Label,
        ExpiresAt = ExpiresAt,
    };

    private static bool IsNull(JsonElement value) => value.ValueKind == JsonValueKind.Null;

    private static DateTimeOffset? ReadTime(JsonElement value) => value.ValueKind == JsonValueKind.String ? QueryText.ParseTime(value.GetString()) : null;
}
