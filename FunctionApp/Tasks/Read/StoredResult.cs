using Microsoft.AspNetCore.Http;

namespace FunctionApp.Tasks;

/// <summary>200 with a result that is a blob: its bytes as they are stored, as they come. Of a task that is deleted meanwhile it is 404.</summary>
internal sealed class StoredResult(TaskBlobs blobs, string blob, long size) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        CancellationToken callerLeft = httpContext.RequestAborted;
        await using Stream? result = await blobs.OpenAsync(blob, callerLeft);
        if (result is null)
        {
            await TaskProblems.Unknown().ExecuteAsync(httpContext);
            return;
        }

        byte[] start = "{\"result\":"u8.ToArray();
        byte[] end = "}"u8.ToArray();
        HttpResponse response = httpContext.Response;
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = start.Length + size + end.Length;
        if (!HttpMethods.IsHead(httpContext.Request.Method))
        {
            await response.Body.WriteAsync(start, callerLeft);
            await result.CopyToAsync(response.Body, callerLeft);
            await response.Body.WriteAsync(end, callerLeft);
        }
    }
}
