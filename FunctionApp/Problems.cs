using Azure;
using Azure.Identity;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace FunctionApp;

/// <summary>Turns what can go wrong with a request into its answer, as RFC 9457 problem details.</summary>
internal static class Problems
{
    // The caller's next try should find a service that has had time to recover.
    private const string OutageRetryAfter = "5";

    /// <summary>
    /// The answer of <paramref name="handle"/>, which gets a token that is cancelled when the caller leaves or waits for
    /// longer than <paramref name="limit"/>. If storage or the task hub cannot be reached until then, the answer is 503.
    /// </summary>
    public static async Task<IResult> AnswerAsync(
        HttpRequest request, TimeSpan limit, Func<CancellationToken, Task<IResult>> handle, CancellationToken callerLeft)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(callerLeft);
        bounded.CancelAfter(limit);
        try
        {
            return await handle(bounded.Token);
        }
        catch (BadHttpRequestException e)
        {
            return TypedResults.Problem("The request's body could not be read.", statusCode: e.StatusCode);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException && callerLeft.IsCancellationRequested)
        {
            // Nobody reads it.
            return TypedResults.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
        catch (Exception e) when (IsOutage(e))
        {
            request.HttpContext.Response.Headers.RetryAfter = OutageRetryAfter;
            return TypedResults.Problem(
                "The service cannot reach its storage at the moment. Send the request again later.",
                statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    /// <summary>
    /// Whether an exception means that storage or the task hub could not be reached: what the Azure SDK throws when its
    /// retries are used up or its token request fails, what the durable client throws when the host does not answer, and
    /// what either throws when the time limit cancels it.
    /// </summary>
    public static bool IsOutage(Exception exception) => exception
        is RpcException
        or RequestFailedException
        or AggregateException
        or AuthenticationFailedException
        or OperationCanceledException
        or TimeoutException;
}
