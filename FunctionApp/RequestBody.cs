using Microsoft.AspNetCore.Http;

namespace FunctionApp;

/// <summary>Reads a request's body into memory, within bounds of size and time.</summary>
internal static class RequestBody
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(4);

    /// <summary>The body; null if it is longer than that many bytes.</summary>
    /// <exception cref="BadHttpRequestException">It is not what its headers say, or took too long to arrive (408).</exception>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, int maxLength, CancellationToken cancellationToken)
    {
        if (request.ContentLength > maxLength)
        {
            return null;
        }

        // One byte more than may come, to notice when it does.
        byte[] buffer = new byte[(request.ContentLength ?? maxLength) + 1];
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(TimeLimit);
        try
        {
            int length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, bounded.Token);
            return length > maxLength ? default(ReadOnlyMemory<byte>?) : buffer.AsMemory(0, length);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BadHttpRequestException("The body took too long to arrive.", StatusCodes.Status408RequestTimeout, e);
        }
        catch (IOException e) when (e is not BadHttpRequestException && !cancellationToken.IsCancellationRequested)
        {
            // What the server throws for a chunk size that no number can hold.
            throw new BadHttpRequestException("The body could not be read.", e);
        }
    }
}
