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
    public const int HostLimit = 100 * 1_024 * 1_024;

    private const int LongestName = 40;
    private const int FirstBuffer = 64 * 1_024;

    /// <summary>The body.</summary>
    /// <exception cref="RequestRefusedException">It is longer than that many bytes (413), or is encoded (415).</exception>
    /// <exception cref="BadHttpRequestException">It is not what its headers say, or came too slowly (408).</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, int maxLength)
    {
        HttpContext http = request.HttpContext;
        RefuseEncoded(request);
        if (request.ContentLength > maxLength)
        {
            throw TooLong($"{request.ContentLength:N0}", maxLength);
        }

        // One byte more than is allowed, so that a body that is too long shows. A chunked body has no Content-Length: its buffer grows.
        byte[] buffer = new byte[(request.ContentLength ?? Math.Min(maxLength, FirstBuffer)) + 1];
        var limit = http.Features.Get<IHttpRequestTimeoutFeature>() as RequestTimeLimit;
        limit?.DisableTimeout();
        try
        {
            int length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, http.RequestAborted);
            while (length == buffer.Length && length <= maxLength)
            {
                Array.Resize(ref buffer, (int)Math.Min(2L * length, maxLength + 1L));
                length += await request.Body.ReadAtLeastAsync(
                    buffer.AsMemory(length), buffer.Length - length, throwOnEndOfStream: false, http.RequestAborted);
            }

            if (length <= maxLength)
            {
                return buffer.AsMemory(0, length);
            }

            // A proxy, such as the host is, may lose an answer that comes while the body is still on its way. The server bounds it.
            await request.Body.CopyToAsync(Stream.Null, http.RequestAborted);
            throw TooLong($"more than {maxLength:N0}", maxLength);
        }
        catch (IOException e) when (e is not BadHttpRequestException && !http.RequestAborted.IsCancellationRequested)
        {
            // Kestrel throws a plain IOException for a chunk size that does not fit into a number.
            throw Unreadable(e);
        }
        finally
        {
            limit?.Restart();
        }
    }

    /// <exception cref="RequestRefusedException">The body is encoded (415).</exception>
    public static void RefuseEncoded(HttpRequest request)
    {
        string encoding = request.Headers.ContentEncoding.ToString();
        if (encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            request.HttpContext.Response.Headers.AcceptEncoding = "identity";
            throw new RequestRefusedException(
                StatusCodes.Status415UnsupportedMediaType,
                $"The body has the Content-Encoding \"{encoding.Truncate(LongestName)}\": send it without one.");
        }
    }

    /// <param name="length">How long the body is, as far as that is known.</param>
    public static RequestRefusedException TooLong(string length, int maxLength) => new(
        StatusCodes.Status413PayloadTooLarge, $"The body has {length} bytes, but may have {maxLength:N0} at most.");

    public static BadHttpRequestException Unreadable(IOException exception) => new("The body could not be read.", exception);
}
