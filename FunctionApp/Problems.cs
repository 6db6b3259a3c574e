using Azure;
using Azure.Identity;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace FunctionApp;

/// <summary>The answers that are not results, as RFC 9457 problem details.</summary>
internal static class Problems
{
    // The caller's next try should find a service that has had time to recover.
    private const int OutageSeconds = 5;

    /// <summary>
    /// Whether an exception means that storage or the task hub could not be reached: what the Azure SDK throws when its
    /// retries are used up or its token request fails, and what the durable client throws when the host does not answer.
    /// </summary>
    public static bool IsOutage(Exception exception) => exception
        is RpcException
        or RequestFailedException
        or AggregateException { InnerException: RequestFailedException or OperationCanceledException }
        or AuthenticationFailedException
        or TimeoutException;

    public static ProblemHttpResult Outage(HttpResponse response)
    {
        response.Headers.RetryAfter = OutageSeconds.ToString(CultureInfo.InvariantCulture);
        return TypedResults.Problem(
            "The service cannot reach its storage at the moment. Send the request again later.",
            statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
