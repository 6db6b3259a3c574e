using System.Diagnostics;
using FunctionApp.LocalHost.Worker;
using FunctionApp.LocalHost.Worker.Protocol;
using Yarp.ReverseProxy.Forwarder;

namespace FunctionApp.LocalHost.Http;

/// <summary>
/// Answers requests as the Functions host does: it forwards each to the worker and tells the worker, over its link, which function
/// is to answer it.
/// </summary>
internal sealed class HttpFunctions(
    WorkerSupervisor workers, IHttpForwarder forwarder, HttpMessageInvoker http, IHostApplicationLifetime lifetime, ILoggerFactory loggers)
{
    // How long an answer may still be on its way after its function has failed; the worker sends it first.
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan WorkerPatience = TimeSpan.FromSeconds(10);

    private static readonly ForwarderRequestConfig ForwarderConfig = new() { ActivityTimeout = Timeout.InfiniteTimeSpan };

    /// <summary>
    /// What answers a request to a function, and logs that under the Functions host's category; with an empty 500 if the function fails
    /// without an answer, with 503 if the worker ends or is not there.
    /// </summary>
    public RequestDelegate For(AppFunction function)
    {
        ILogger logger = loggers.CreateLogger($"Function.{function.Name}");
        return async context =>
        {
            string id = Guid.NewGuid().ToString();
            long start = Stopwatch.GetTimestamp();
            Exception? failure = null;
            try
            {
                await ForwardAsync(context, function, id);
            }
#pragma warning disable CA1031 // Whatever fails, the failure is the invocation's, not the host's. The worker has logged where.
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure = e;
                if (!context.Response.HasStarted)
                {
                    await RefuseAsync(context, e);
                }
            }

            LogLevel level = failure is null ? LogLevel.Information : LogLevel.Error;
            if (logger.IsEnabled(level))
            {
                logger.Log(
                    level, "Executed 'Functions.{Function}' ({Outcome}, Id={Id}, Duration={Duration:0}ms){Reason}",
                    function.Name, failure is null ? "Succeeded" : "Failed", id, Stopwatch.GetElapsedTime(start).TotalMilliseconds,
                    failure is null ? "" : $": {(failure as FunctionFailedException)?.Reason ?? failure.Message}");
            }
        };
    }

    private static async Task RefuseAsync(HttpContext context, Exception failure)
    {
        context.Response.Clear();
        context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        if (failure is WorkerProcessExitException or TimeoutException)
        {
            context.Response.Headers.RetryAfter = "1";
            await TypedResults.Problem("The app has ended and is being started again.", statusCode: StatusCodes.Status503ServiceUnavailable)
                .ExecuteAsync(context);
        }
    }

    private async Task ForwardAsync(HttpContext context, AppFunction function, string invocationId)
    {
        WorkerLink worker = await workers.ReadyAsync().WaitAsync(WorkerPatience, context.RequestAborted);
        // By this the worker finds the invocation that belongs to the request.
        context.Request.Headers["x-ms-invocation-id"] = invocationId;
        using var forwarding = new CancellationTokenSource();
        Task<ForwarderError> forward = forwarder.SendAsync(
            context, worker.HttpAddress!.AbsoluteUri, http, ForwarderConfig, HttpTransformer.Default, forwarding.Token).AsTask();
        // When the host stops, a function should answer now.
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        Task invocation = worker.InvokeAsync(
            function, invocationId, new TypedData { Http = new RpcHttp() }, context.Request.RouteValues!, leaving.Token);
        if (await Task.WhenAny(forward, invocation) == invocation && !invocation.IsCompletedSuccessfully)
        {
            forwarding.CancelAfter(AnswerPatience);
        }

        ForwarderError error = await forward;
        if (error != ForwarderError.None)
        {
            // Nobody hears the function any more.
            await leaving.CancelAsync();
        }

        // If what the caller sent is not HTTP, the answer is 400, and that is no failure of the function's.
        await invocation.ConfigureAwait(
            error == ForwarderError.RequestBodyClient ? ConfigureAwaitOptions.SuppressThrowing : ConfigureAwaitOptions.None);
    }
}
