using System.Net;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace FunctionApp.Tasks;

/// <summary>
/// What of the tasks is too large for their rows, in a container beside the tables, a folder for each task: its <c>input</c>, its
/// <c>log</c>, and, in a folder of the run that has written them, its <c>result</c> and <c>files</c>. A row never names a blob that is
/// not there: the blob is written before the row, and removed after nobody sees the row any more. All methods throw
/// <see cref="RequestFailedException"/> when Blob Storage refuses or does not answer.
/// </summary>
public sealed class TaskBlobs(BlobContainerClient container)
{
    /// <summary>The content type of inputs and results that are JSON.</summary>
    public const string Json = "application/json";

    public const string PlainText = "text/plain; charset=utf-8";

    // What a transfer holds in memory, and what has to get through within the time limit of one request to storage.
    private const int BlockSize = 1_024 * 1_024;

    private const int FoldersOnPage = 1_000;
    private const int ReadSize = 1_024 * 1_024;

    private static readonly StorageTransferOptions OneAtATime = new()
    {
        InitialTransferSize = BlockSize,
        MaximumTransferSize = BlockSize,
        MaximumConcurrency = 1,
    };

    private bool _exists;

    public static string InputName(TaskId id) => $"{id}/input";

    public static string LogName(TaskId id) => $"{id}/log";

    public static string FileName(TaskId id, string run, string name) => $"{FilesPrefix(id, run)}{name}";

    public static string ResultName(TaskId id, string run) => $"{id}/{run}/result";

    /// <summary>Writes a blob, in place of one that may be there.</summary>
    public async Task WriteAsync(string name, BinaryData content, string contentType, CancellationToken cancellationToken)
    {
        using var stream = content.ToStream();
        await WriteAsync(name, stream, contentType, cancellationToken);
    }

    /// <summary>Writes a blob from a stream, of which it holds a MiB at a time. What breaks off leaves none.</summary>
    public Task WriteAsync(string name, Stream content, string contentType, CancellationToken cancellationToken) => WithContainerAsync(
        () => container.GetBlobClient(name).UploadAsync(
            content,
            new BlobUploadOptions { HttpHeaders = new() { ContentType = contentType }, TransferOptions = OneAtATime },
            cancellationToken),
        cancellationToken);

    /// <summary>Copies a blob within the container, where it is; false if there is none.</summary>
    public async Task<bool> CopyAsync(string from, string to, CancellationToken cancellationToken)
    {
        try
        {
            // Within one account it needs no more rights than to read and to write.
            CopyFromUriOperation copy = await container.GetBlobClient(to).StartCopyFromUriAsync(
                container.GetBlobClient(from).Uri, cancellationToken: cancellationToken);
            await copy.WaitForCompletionAsync(cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (IsMissing(e))
        {
            return false;
        }
    }

    /// <summary>A blob from an offset on; null if there is none, or nothing from there on.</summary>
    public async Task<BinaryData?> ReadAsync(string name, CancellationToken cancellationToken, long offset = 0)
    {
        try
        {
            var options = new BlobDownloadOptions { Range = offset == 0 ? default : new HttpRange(offset) };
            return (await container.GetBlobClient(name).DownloadContentAsync(options, cancellationToken)).Value.Content;
        }
        catch (RequestFailedException e) when (IsMissing(e) || e.ErrorCode == BlobErrorCode.InvalidRange)
        {
            return null;
        }
    }

    /// <summary>A blob to be read once, from its beginning to its end, as it comes; null if there is none.</summary>
    public async Task<Stream?> OpenAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return (await container.GetBlobClient(name).DownloadStreamingAsync(cancellationToken: cancellationToken)).Value.Content;
        }
        catch (RequestFailedException e) when (IsMissing(e))
        {
            return null;
        }
    }

    /// <summary>What is known of a blob; null if there is none.</summary>
    public async Task<BlobProperties?> DescribeAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await container.GetBlobClient(name).GetPropertiesAsync(cancellationToken: cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == (int)HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>A blob to be read from anywhere, of which it holds a MiB at a time; null if there is none.</summary>
    public async Task<Stream?> OpenSeekableAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await container.GetBlobClient(name).OpenReadAsync(
                new BlobOpenReadOptions(allowModifications: false) { BufferSize = ReadSize }, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == (int)HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>A blob to be written, in place of one that may be there. It is there in full once the stream is disposed.</summary>
    public Task<Stream> OpenWriteAsync(string name, string contentType, CancellationToken cancellationToken) => WithContainerAsync(
        () => container.GetBlockBlobClient(name).OpenWriteAsync(
            overwrite: true, new BlockBlobOpenWriteOptions { BufferSize = BlockSize, HttpHeaders = new() { ContentType = contentType } }, cancellationToken),
        cancellationToken);

    /// <summary>Appends text to a blob of that size, or (0) to a new one; false if it has another size.</summary>
    public Task<bool> AppendAsync(string name, ReadOnlyMemory<byte> text, long size, CancellationToken cancellationToken) => WithContainerAsync(
        async () =>
        {
            AppendBlobClient blob = container.GetAppendBlobClient(name);
            if (size == 0)
            {
                await blob.CreateIfNotExistsAsync(new AppendBlobCreateOptions { HttpHeaders = new() { ContentType = PlainText } }, cancellationToken);
            }

            try
            {
                using var stream = new BinaryData(text).ToStream();
                var options = new AppendBlobAppendBlockOptions { Conditions = new() { IfAppendPositionEqual = size } };
                await blob.AppendBlockAsync(stream, options, cancellationToken);
                return true;
            }
            catch (RequestFailedException e) when (e.Status == (int)HttpStatusCode.PreconditionFailed)
            {
                return false;
            }
        },
        cancellationToken);

    /// <summary>The files that a run has written.</summary>
    internal async Task<OutputFile[]> ListFilesAsync(TaskId id, string run, CancellationToken cancellationToken)
    {
        string prefix = FilesPrefix(id, run);
        List<OutputFile> files = [];
        await foreach (BlobItem blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancellationToken))
        {
            files.Add(new(blob.Name[prefix.Length..], blob.Properties.ContentType, blob.Properties.ContentLength!.Value));
        }

        return [.. files];
    }

    /// <summary>Removes the folder of a task, if there is one.</summary>
    public async Task RemoveFolderAsync(TaskId id, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (BlobItem blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, $"{id}/", cancellationToken))
            {
                await container.DeleteBlobIfExistsAsync(blob.Name, DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancellationToken);
            }
        }
        catch (RequestFailedException e) when (IsMissing(e))
        {
            // 404: the container is created by the first blob.
        }
    }

    /// <summary>The tasks that have folders, the oldest first, a page at a time; none if there is no container.</summary>
    /// <param name="continuation">Of an earlier page, to go on after it; null to begin.</param>
    internal async IAsyncEnumerable<Page<TaskId>> ListFoldersAsync(
        string? continuation, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IAsyncEnumerator<Page<BlobHierarchyItem>> pages = container
            .GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", null, cancellationToken)
            .AsPages(continuation, FoldersOnPage)
            .GetAsyncEnumerator(cancellationToken);
        await using (pages)
        {
            while (await NextAsync())
            {
                TaskId[] ids = [.. pages.Current.Values.Where(item => item.IsPrefix)
                    .Select(item => TaskId.TryParse(item.Prefix.TrimEnd('/'), out TaskId id) ? id : default(TaskId?)).OfType<TaskId>()];
                string? next = pages.Current.ContinuationToken;
                yield return Page<TaskId>.FromValues(ids, string.IsNullOrEmpty(next) ? null : next, pages.Current.GetRawResponse());
            }
        }

        async Task<bool> NextAsync()
        {
            try
            {
                return await pages.MoveNextAsync();
            }
            catch (RequestFailedException e) when (IsMissing(e))
            {
                return false;
            }
        }
    }

    /// <summary>When a blob of the task was written last; null if there is none.</summary>
    internal async Task<DateTimeOffset?> LastWriteAsync(TaskId id, CancellationToken cancellationToken)
    {
        DateTimeOffset? last = null;
        await foreach (BlobItem blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, $"{id}/", cancellationToken))
        {
            last = last > blob.Properties.LastModified ? last : blob.Properties.LastModified;
        }

        return last;
    }

    /// <summary>Makes sure that there is a container: once in this process, and again if it has been deleted.</summary>
    private async Task<T> WithContainerAsync<T>(Func<Task<T>> write, CancellationToken cancellationToken)
    {
        if (!_exists)
        {
            await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            _exists = true;
        }

        try
        {
            return await write();
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            // What was written cannot be read again from every stream: the next try finds a container.
            _exists = false;
            throw new TimeoutException("The container of the tasks' blobs was deleted.", e);
        }
    }

    private static string FilesPrefix(TaskId id, string run) => $"{id}/{run}/files/";

    private static bool IsMissing(RequestFailedException e) => e.ErrorCode == BlobErrorCode.BlobNotFound || e.ErrorCode == BlobErrorCode.ContainerNotFound;
}
