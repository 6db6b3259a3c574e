namespace FunctionApp.Tasks;

/// <summary>What is too large to stand in an answer about a task, or is no JSON.</summary>
/// <param name="Name">Under which it is downloaded.</param>
/// <param name="Size">In bytes.</param>
public sealed record FileView(string Name, string ContentType, long Size, string Path)
{
    internal const string JsonInput = "input.json";

    /// <summary>A task's input; null if that stands in the row.</summary>
    internal static FileView? OfInput(TaskRow row, string? prefix = null) => row.BodySize is not { } size ? null : new(
        row.BodyName ?? (row.BodyType is null ? JsonInput : "input"), row.BodyType ?? TaskBlobs.Json, size, $"{prefix}/tasks/{row.Id}/input");

    /// <summary>The files that a task has left; null if there are none, or it has not succeeded.</summary>
    internal static FileView[]? OfOutputs(TaskRow row, string? prefix) => row is not { Status: RowStatus.Succeeded, Files: not null } ? null :
        [.. RunOutputs.Read(row).Select(file => new FileView(file.Name, file.Type, file.Size, $"{prefix}/tasks/{row.Id}/files/{file.Name}"))];

    /// <summary>A task's result; null if that stands in the row, or there is none.</summary>
    internal static FileView? OfResult(TaskRow row, string? prefix) => row.ResultSize is not { } size ? null : new(
        "result.json", TaskBlobs.Json, size, $"{prefix}/{row.Kind}/{row.Id}");
}
