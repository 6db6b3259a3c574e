using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace FunctionApp.Tasks;

/// <summary>An input that is not in its task's row, but a blob in its folder.</summary>
/// <param name="Size">How many bytes it has.</param>
/// <param name="Fingerprint">What makes it another one than before.</param>
/// <param name="StoreAsync">Writes it into the folder of that task; it can be repeated, for other tasks too.</param>
public sealed record InputBlob(long Size, string Fingerprint, Func<TaskId, CancellationToken, Task> StoreAsync)
{
    /// <summary>The content type of a body that was taken as it is; null for JSON.</summary>
    public string? ContentType { get; init; }

    /// <summary>The file name that it came with.</summary>
    public string? Name { get; init; }

    /// <summary>What lists show of it.</summary>
    public string? Summary { get; init; }

    /// <summary>JSON that a row does not hold.</summary>
    internal static InputBlob Of(BinaryData json, TaskBlobs blobs) => new(
        json.ToMemory().Length,
        Convert.ToHexStringLower(SHA256.HashData(json)),
        (id, cancellationToken) => blobs.WriteAsync(TaskBlobs.InputName(id), json, TaskBlobs.Json, cancellationToken))
    {
        Summary = TaskJson.Summary(json),
    };

    /// <summary>The input that a task has; null if it is in its row.</summary>
    /// <exception cref="RequestRefusedException">When it is stored: it is there no more (409).</exception>
    internal static InputBlob? Of(TaskRow row, TaskBlobs blobs) => row.BodySize is not { } size ? null : new(
        size,
        $"{row.Id}",
        async (id, cancellationToken) =>
        {
            if (!await blobs.CopyAsync(TaskBlobs.InputName(row.Id), TaskBlobs.InputName(id), cancellationToken))
            {
                throw new RequestRefusedException(StatusCodes.Status409Conflict, "The task is being deleted.");
            }
        })
    {
        ContentType = row.BodyType,
        Name = row.BodyName,
        Summary = row.InputSummary,
    };
}
