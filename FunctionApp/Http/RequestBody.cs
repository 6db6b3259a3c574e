using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;

namespace FunctionApp;

/// <summary>
/// Reads a request's body into memory. How long that may take depends on its length: the server breaks off a body that
/// comes at less than 240 bytes a second after the first 5 seconds, and the request's time limit begins after it.
/// Source: https://learn.microsoft.com/aspnet/core/fundamentals/servers/kestrel/options#minimum-request-body-data-rate
/// </summary>
internal static class RequestBody
{
    /// <summary>What the Functions host lets through; this app refuses it itself, with a reason.</summary>
    /// <remarks>https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#limits</remarks>
    public const long HostLimit = 100 * 1_024 * 1_024;

    private const int LongestName = 40;

    /// <summary>The body.</summary>
    /// <exception cref="RequestRefusedException">It is longer than that many bytes (413), or is encoded (415).</exception>
    /// <exception cref="BadHttpRequestException">It is not what its headers say, or came too slowly (408).</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, int maxLength)
    {
        HttpContext http = request.HttpContext;
        string encoding = request.Headers.ContentEncoding.ToString();
        if (encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            http.Response.Headers.AcceptEncoding = "identity";
            throw new RequestRefusedException(
                StatusCodes.Status415UnsupportedMediaType,
                $"The body has the Content-Encoding \"{encoding.Truncate(LongestName)}\": send it without one.");
        }

        if (request.ContentLength > maxLength)
        {
            throw TooLong($"{request.ContentLength:N0}");
        }

        // One byte more than may come, to notice when it does.
        byte[] buffer = new byte[(request.ContentLength ?? maxLength) + 1];
        var limit = http.Features.Get<IHttpRequestTimeoutFeature>() as RequestTimeLimit;
        limit?.DisableTimeout();
        try
        {
            int length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, http.RequestAborted);
            if (length <= maxLength)
            {
                return buffer.AsMemory(0, length);
            }

            // A proxy, such as the host is, may lose an answer that comes while the body is still on its way. The server bounds it.
            await request.Body.CopyToAsync(Stream.Null, http.RequestAborted);
            throw TooLong($"more than {maxLength:N0}");
        }
        catch (IOException e) when (e is not BadHttpRequestException && !http.RequestAborted.IsCancellationRequested)
        {
            // What the server throws for a chunk size that no number can hold.
            throw new BadHttpRequestException("The body could not be read.", e);
        }
        finally
        {
            limit?.Restart();
        }

        RequestRefusedException TooLong(string length) => new(
            StatusCodes.Status413PayloadTooLarge, $"The body has {length} bytes, but may have {maxLength:N0} at most.");
    }
}
