using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;

namespace FunctionApp;

/// <summary>
/// Around every HTTP function: a time limit, the path of the proxy before it, headers that every answer has, and an answer for each exception. Functions use
/// <see cref="HttpContext.RequestAborted"/>, which is cancelled when the caller leaves or the time is up.
/// </summary>
internal sealed partial class ProblemDetailsMiddleware(PathPrefix prefix, TimeProvider time, ILogger<ProblemDetailsMiddleware> logger)
    : IFunctionsWorkerMiddleware
{
    // The caller's next try should find a service that has had time to recover.
    private const string OutageRetryAfter = "5";

    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is not { } http)
        {
            await next(context);
            return;
        }

        SetHeaders(http.Response.Headers);
        http.Request.PathBase = prefix.Of(http.Request);
        CancellationToken callerLeft = http.RequestAborted;
        using var timeIsUp = new CancellationTokenSource(RequestTimeLimit.Longest, time);
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(callerLeft, timeIsUp.Token);
        http.RequestAborted = bounded.Token;
        http.Features.Set<IHttpRequestTimeoutFeature>(new RequestTimeLimit(timeIsUp, context.CancellationToken));
        IResult? answer;
        try
        {
            await next(context);
            answer = context.GetInvocationResult().Value as IResult;
        }
#pragma warning disable CA1031 // Every exception gets its answer here, and is logged.
        catch (Exception e)
#pragma warning restore CA1031
        {
            answer = Answer(e, http, callerLeft);
        }
        finally
        {
            http.RequestAborted = callerLeft;
        }

        if (answer is not null)
        {
            context.GetInvocationResult().Value = new Protected(answer, this);
        }
    }

    private static void SetHeaders(IHeaderDictionary headers)
    {
        // Caches must not keep what was for one caller, and browsers must not guess another content type.
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
    }

    private IResult Answer(Exception exception, HttpContext http, CancellationToken callerLeft)
    {
        if (exception is RequestRefusedException refused)
        {
            return TypedResults.Problem(refused.Message, statusCode: refused.StatusCode);
        }

        if (exception is BadHttpRequestException bad)
        {
            string detail = bad.StatusCode == StatusCodes.Status408RequestTimeout ? "The body came too slowly." : "The body could not be read.";
            return TypedResults.Problem(detail, statusCode: bad.StatusCode);
        }

        if (callerLeft.IsCancellationRequested && exception is OperationCanceledException or IOException)
        {
            // The caller has closed the connection, so this status is only for the log.
            return TypedResults.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }

        if (Outage.Is(exception))
        {
            LogOutage(exception, http.Request.Method, http.Request.Path);
            http.Response.Headers.RetryAfter = OutageRetryAfter;
            return TypedResults.Problem(
                "The service cannot reach its storage at the moment. Send the request again later.",
                statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        LogError(exception, http.Request.Method, http.Request.Path);
        return TypedResults.Problem(
            "The request failed unexpectedly; see the service's logs.", statusCode: StatusCodes.Status500InternalServerError);
    }

    [LoggerMessage(LogLevel.Warning, "{method} {path} is answered with 503: storage or the task hub cannot be reached.")]
    private partial void LogOutage(Exception exception, string method, PathString path);

    [LoggerMessage(LogLevel.Error, "{method} {path} failed unexpectedly.")]
    private partial void LogError(Exception exception, string method, PathString path);

    [LoggerMessage(LogLevel.Warning, "{method} {path}: the answer was broken off.")]
    private partial void LogBrokenOff(Exception exception, string method, PathString path);

    /// <summary>
    /// An answer without public properties. The worker also sends a function's answer to the host, as JSON of its
    /// properties; the host parses it, and breaks off the response if it cannot, such as with an integer of 400 digits.
    /// What an answer throws that reads from storage while it is sent is answered too, or, once it has begun, breaks it off:
    /// a part must not look like the whole.
    /// </summary>
    private sealed class Protected(IResult answer, ProblemDetailsMiddleware middleware) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            try
            {
                await answer.ExecuteAsync(httpContext);
            }
#pragma warning disable CA1031 // As said.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (httpContext.Response.HasStarted)
                {
                    middleware.LogBrokenOff(e, httpContext.Request.Method, httpContext.Request.Path);
                    httpContext.Abort();
                    return;
                }

                httpContext.Response.Clear();
                SetHeaders(httpContext.Response.Headers);
                await middleware.Answer(e, httpContext, httpContext.RequestAborted).ExecuteAsync(httpContext);
            }
        }
    }
}
