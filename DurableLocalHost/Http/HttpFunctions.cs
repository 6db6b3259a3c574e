using System.Diagnostics;
using DurableLocalHost.WebJobs;
using Microsoft.AspNetCore.Diagnostics;
using Yarp.ReverseProxy.Forwarder;

namespace DurableLocalHost.Http;

/// <summary>
/// Answers requests as the Functions host does: it forwards each to the worker and tells the worker, over its link, which function
/// is to answer it. A worker without ASP.NET Core gets the request itself over its link.
/// </summary>
internal sealed class HttpFunctions(
    WorkerSupervisor workers, IHttpForwarder forwarder, HttpMessageInvoker http, IHostApplicationLifetime lifetime)
{
    // How long an answer may still be on its way after its function has failed; the worker sends it first.
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan WorkerPatience = TimeSpan.FromSeconds(10);

    private static readonly ForwarderRequestConfig ForwarderConfig = new() { ActivityTimeout = Timeout.InfiniteTimeSpan };

    /// <summary>
    /// What follows an exception of <see cref="AnswerAsync"/>: a 503 if the worker has ended or is not there yet, a 4xx if the request's body
    /// did not come, else an empty 500.
    /// </summary>
    public static ExceptionHandlerOptions Failures { get; } = new()
    {
        StatusCodeSelector = failure => failure switch
        {
            WorkerProcessExitException or TimeoutException => StatusCodes.Status503ServiceUnavailable,
            BadHttpRequestException refused => refused.StatusCode,
            _ => StatusCodes.Status500InternalServerError,
        },
        ExceptionHandler = RefuseAsync,
        // How a function failed is logged with its name, and that there is no worker by the supervisor; a request is its sender's.
        SuppressDiagnosticsCallback = failure =>
            failure.Exception is FunctionFailedException or WorkerProcessExitException or TimeoutException or BadHttpRequestException,
    };

    /// <summary>Answers a request to a function.</summary>
    /// <param name="logger">Of the function's category.</param>
    /// <exception cref="FunctionFailedException">It failed without an answer.</exception>
    /// <exception cref="WorkerProcessExitException">The worker ended.</exception>
    /// <exception cref="TimeoutException">There is no worker.</exception>
    /// <exception cref="BadHttpRequestException">The request's body is too large, or comes too slowly.</exception>
    public async Task AnswerAsync(HttpContext context, AppFunction function, ILogger logger)
    {
        long start = Stopwatch.GetTimestamp();
        string id = Guid.NewGuid().ToString();
        string? body = await BufferAsync(context);
        WorkerLink worker = await workers.ReadyAsync().WaitAsync(WorkerPatience, context.RequestAborted);
        // When the host stops, a function should answer now.
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        ForwarderError error = ForwarderError.None;
        // First, as a worker waits for some seconds only until both the request and its invocation have come.
        Dictionary<string, object> metadata = RequestBinding.Read(context.Request, body);
        if (worker.HttpAddress is null)
        {
            TypedData request = await HttpMessages.ReadAsync(context.Request);
            await HttpMessages.AnswerAsync(await InvokeAsync(request), context.Response);
            return;
        }

        // By this the worker finds the invocation that belongs to the request.
        context.Request.Headers["x-ms-invocation-id"] = id;
        // And by these where its caller has sent it.
        context.Request.Headers.TryAdd("X-Forwarded-Host", context.Request.Host.Value);
        context.Request.Headers.TryAdd("X-Forwarded-Proto", context.Request.Scheme);
        using var forwarding = new CancellationTokenSource();
        Task<ForwarderError> forward = forwarder.SendAsync(
            context, worker.HttpAddress!.AbsoluteUri, http, ForwarderConfig, HttpTransformer.Default, forwarding.Token).AsTask();
        Task invocation = InvokeAsync(new TypedData { Http = new RpcHttp() });
        if (await Task.WhenAny(forward, invocation) == invocation && !invocation.IsCompletedSuccessfully)
        {
            forwarding.CancelAfter(AnswerPatience);
        }

        error = await forward;
        if (error != ForwarderError.None)
        {
            // Nobody hears the function any more.
            await leaving.CancelAsync();
        }

        // What is not HTTP has been answered with 400, and that is no failure of the function's.
        bool isAnswered = context.Response.HasStarted || error == ForwarderError.RequestBodyClient;
        await invocation.ConfigureAwait(isAnswered ? ConfigureAwaitOptions.SuppressThrowing : ConfigureAwaitOptions.None);
        if (context.Response.HasStarted && !invocation.IsCompletedSuccessfully)
        {
            // A part of an answer must not look like the whole.
            context.Abort();
        }

        async Task<InvocationResponse> InvokeAsync(TypedData request)
        {
            if (function.Storage.Count > 0)
            {
                // For queues and blobs it takes WebJobs, which logs by itself.
                IJobHost jobs = context.RequestServices.GetRequiredService<IJobHost>();
                return await StorageBindings.InvokeAsync(jobs, worker, function, id, request, metadata, leaving.Token);
            }

            try
            {
                InvocationResponse response = await worker.InvokeAsync(function, id, request, metadata, [], leaving.Token);
                LogExecuted(LogLevel.Information, "Succeeded", null);
                return response;
            }
            catch (Exception e) when (e is FunctionFailedException or WorkerProcessExitException)
            {
                bool isWanted = error != ForwarderError.RequestBodyClient
                    && !context.RequestAborted.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested;
                LogExecuted(isWanted ? LogLevel.Error : LogLevel.Information, "Failed", isWanted ? e : null);
                throw;
            }
        }

        void LogExecuted(LogLevel level, string outcome, Exception? failure) => logger.Log(
            level, failure, "Executed 'Functions.{Function}' ({Outcome}, Id={Id}, Duration={Duration:0}ms)",
            function.Name, outcome, id, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    // The Functions host calls a function when it has read the whole body, in memory or a temporary file, unless that comes in chunks.
    // A sender that is too slow for its server, or sends too much, is refused before.
    private static async Task<string?> BufferAsync(HttpContext context)
    {
        if (context.Request.ContentLength is not > 0)
        {
            return null;
        }

        context.Request.EnableBuffering();
        using var reader = new StreamReader(context.Request.Body, leaveOpen: true);
        string body = await reader.ReadToEndAsync(context.RequestAborted);
        context.Request.Body.Position = 0;
        return body;
    }

    private static async Task RefuseAsync(HttpContext context)
    {
        if (context.Response.StatusCode == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = "1";
            await TypedResults.Problem("The app is being started.", statusCode: StatusCodes.Status503ServiceUnavailable).ExecuteAsync(context);
        }
        else if (context.Features.Get<IExceptionHandlerFeature>()?.Error is BadHttpRequestException refused)
        {
            await TypedResults.Problem(refused.Message, statusCode: refused.StatusCode).ExecuteAsync(context);
        }
    }
}
