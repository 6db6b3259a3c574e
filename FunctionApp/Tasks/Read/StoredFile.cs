using Azure.Storage.Blobs.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace FunctionApp.Tasks;

/// <summary>
/// 200 with a blob as a file of that name, or a part of it (206, 416), or nothing where the caller has it (304). Of a task that is deleted
/// meanwhile it is 404.
/// </summary>
internal sealed class StoredFile(TaskBlobs blobs, string blob, string name) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        CancellationToken callerLeft = httpContext.RequestAborted;
        BlobProperties? file = await blobs.DescribeAsync(blob, callerLeft);
        await using Stream? content = file is null ? null : await blobs.OpenSeekableAsync(blob, callerLeft);
        if (file is null || content is null)
        {
            await TaskProblems.Unknown().ExecuteAsync(httpContext);
            return;
        }

        await TypedResults.Stream(
            content, file.ContentType, name, file.LastModified, new EntityTagHeaderValue(file.ETag.ToString("H")), enableRangeProcessing: true)
            .ExecuteAsync(httpContext);
    }
}
