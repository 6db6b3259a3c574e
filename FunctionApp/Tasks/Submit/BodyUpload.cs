using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Net.Http.Headers;

namespace FunctionApp.Tasks;

/// <summary>Takes a body as it is: it goes into the folder of a task to be while it comes, so that its length costs no memory.</summary>
public sealed class BodyUpload(TaskBlobs blobs)
{
    private const int LongestName = 255;
    private const int LongestType = 100;

    /// <summary>Checks what can be told before the body comes; its content type.</summary>
    /// <exception cref="RequestRefusedException">It has none of the kind's content types (415), is too large (413) or empty (400).</exception>
    internal static string Check(TaskKind kind, HttpRequest request)
    {
        RequestBody.RefuseEncoded(request);
        string type = request.ContentType ?? "";
        if (type.Length > LongestType || !MediaTypeHeaderValue.TryParse(type, out MediaTypeHeaderValue? media)
            || !kind.ContentTypes.Any(taken => media.IsSubsetOf(new MediaTypeHeaderValue(taken))))
        {
            throw new RequestRefusedException(
                StatusCodes.Status415UnsupportedMediaType,
                $"The body has {(type.Length == 0 ? "no content type" : $"the content type \"{type.Truncate(LongestType)}\"")}, but must have one of these: {string.Join(", ", kind.ContentTypes)}.");
        }

        return request.ContentLength > kind.MaxInput ? throw RequestBody.TooLong($"{request.ContentLength:N0}", kind.MaxInput)
            : request.ContentLength == 0 ? throw Empty()
            : type;
    }

    /// <summary>Stores the body as the input of that task.</summary>
    /// <param name="contentType">What <see cref="Check"/> has found.</param>
    /// <exception cref="RequestRefusedException">It is too large (413) or empty (400).</exception>
    /// <exception cref="BadHttpRequestException">It is not what its headers say, or came too slowly (408).</exception>
    internal async Task<InputBlob> ReceiveAsync(TaskKind kind, HttpRequest request, TaskId id, string contentType)
    {
        HttpContext http = request.HttpContext;
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize = kind.MaxInput;
        var limit = http.Features.Get<IHttpRequestTimeoutFeature>() as RequestTimeLimit;
        limit?.DisableTimeout();
        string blob = TaskBlobs.InputName(id);
        using var hash = SHA256.Create();
        try
        {
            await using var body = new CryptoStream(request.Body, hash, CryptoStreamMode.Read, leaveOpen: true);
            await blobs.WriteAsync(blob, body, contentType, http.RequestAborted);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw RequestBody.TooLong($"more than {kind.MaxInput:N0}", kind.MaxInput);
        }
        catch (IOException e) when (e is not BadHttpRequestException && !http.RequestAborted.IsCancellationRequested)
        {
            throw RequestBody.Unreadable(e);
        }
        finally
        {
            limit?.Restart();
        }

        http.RequestAborted.ThrowIfCancellationRequested();
        long size = (await blobs.DescribeAsync(blob, http.RequestAborted))?.ContentLength ?? 0;
        string? name = Name(request);
        return size == 0 ? throw Empty() : new InputBlob(
            size,
            $"{Convert.ToHexStringLower(hash.Hash!)} {contentType}",
            (other, cancellationToken) => other == id ? Task.CompletedTask : blobs.CopyAsync(blob, TaskBlobs.InputName(other), cancellationToken))
        {
            ContentType = contentType,
            Name = name,
            Summary = name?.Truncate(TaskJson.MaxSummaryLength),
        };
    }

    private static RequestRefusedException Empty() => new(StatusCodes.Status400BadRequest, "The body is empty.");

    /// <summary>The file name of the header Content-Disposition, without folders; null if there is none.</summary>
    private static string? Name(HttpRequest request)
    {
        if (!ContentDispositionHeaderValue.TryParse(request.Headers.ContentDisposition.ToString(), out ContentDispositionHeaderValue? disposition))
        {
            return null;
        }

        string name = $"{(disposition.FileNameStar.HasValue ? disposition.FileNameStar : HeaderUtilities.RemoveQuotes(disposition.FileName))}";
        name = name[(name.LastIndexOfAny(['/', '\\']) + 1)..].Truncate(LongestName);
        return name.Length == 0 || name.Any(char.IsControl) ? null : name;
    }
}
