using Microsoft.Extensions.DependencyInjection;

namespace FunctionApp.Tasks;

/// <summary>A file that was sent as a task's input.</summary>
public sealed class TaskFile
{
    private readonly TaskBlobs _blobs;
    private readonly string _blob;

    internal TaskFile(TaskBlobs blobs, TaskRow row)
    {
        _blobs = blobs;
        _blob = TaskBlobs.InputName(row.Id);
        (Name, ContentType, Size) = (row.BodyName, row.BodyType!, row.BodySize!.Value);
    }

    /// <summary>The name that it was sent with; null if there was none.</summary>
    public string? Name { get; }

    public string ContentType { get; }

    /// <summary>In bytes.</summary>
    public long Size { get; }

    /// <summary>Opens it to be read from anywhere, of which some MiB at a time are held in memory. It can be opened again.</summary>
    public async Task<Stream> OpenAsync(CancellationToken cancellationToken) =>
        await _blobs.OpenSeekableAsync(_blob, cancellationToken) ?? throw new PermanentFailureException(TaskError.InputGone.Detail, TaskError.InputGone.Code);
}

/// <summary>The files that tasks have left, for the work of others.</summary>
public sealed class TaskFiles(
    [FromKeyedServices(TaskServices.Patient)] TaskTable tasks, [FromKeyedServices(TaskServices.Patient)] TaskBlobs blobs)
{
    /// <summary>Opens a file of a task that has succeeded, to be read from anywhere; null if there is no such task, or it has no such file.</summary>
    public async Task<Stream?> OpenAsync(string taskId, string name, CancellationToken cancellationToken) =>
        TaskId.TryParse(taskId, out TaskId id)
        && await tasks.FindAsync(id, cancellationToken, TaskColumns.Files) is { Status: RowStatus.Succeeded } row
        && RunOutputs.Read(row).Any(file => file.Name == name)
            ? await blobs.OpenSeekableAsync(TaskBlobs.FileName(id, row.Run!, name), cancellationToken)
            : null;
}
