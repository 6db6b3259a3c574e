using Microsoft.AspNetCore.Http;

namespace FunctionApp.Tasks;

/// <summary>200 with a result that is a blob: its bytes as they are stored, as they come. Of a task that is deleted meanwhile it is 404.</summary>
internal sealed class StoredResult(TaskBlobs blobs, string blob, long size) : IResult
{
    /// <summary>The media type of every answer with a result.</summary>
    public const string ContentType = "application/json; charset=utf-8";

    /// <summary>What an answer has before the result.</summary>
    public static ReadOnlySpan<byte> Start => "{\"result\":"u8;

    /// <summary>What it has after it.</summary>
    public static ReadOnlySpan<byte> End => "}"u8;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        CancellationToken callerLeft = httpContext.RequestAborted;
        await using Stream? result = await blobs.OpenAsync(blob, callerLeft);
        if (result is null)
        {
            await TaskProblems.Unknown().ExecuteAsync(httpContext);
            return;
        }

        (byte[] start, byte[] end) = (Start.ToArray(), End.ToArray());
        HttpResponse response = httpContext.Response;
        response.ContentType = ContentType;
        response.ContentLength = start.Length + size + end.Length;
        if (!HttpMethods.IsHead(httpContext.Request.Method))
        {
            await response.Body.WriteAsync(start, callerLeft);
            await result.CopyToAsync(response.Body, callerLeft);
            await response.Body.WriteAsync(end, callerLeft);
        }
    }
}
