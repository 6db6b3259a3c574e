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

    private static readonly Action<ILogger, string, string, string, double, Exception?> LogExecuted = LoggerMessage.Define<string, string, string, double>(
        LogLevel.Information, default, "Executed 'Functions.{Function}' ({Outcome}, Id={Id}, Duration={Duration:0}ms)");

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
        // The worker has logged what a function threw, and its supervisor that it ended; a request is its sender's.
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
        // First, as a worker waits for some seconds only until both the request and its invocation have come.
        Dictionary<string, object> metadata = RequestBinding.Read(context.Request, body);
        if (worker.HttpAddress is null)
        {
            TypedData request = await HttpMessages.ReadAsync(context.Request);
            await HttpMessages.AnswerAsync(await InvokeAsync(request), context.Response);
            Log("Succeeded");
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

        ForwarderError error = await forward;
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

        Log(invocation.IsCompletedSuccessfully ? "Succeeded" : "Failed");

        // For queues and blobs it takes WebJobs, which logs by itself.
        Task<InvocationResponse> InvokeAsync(TypedData request) => function.Storage.Count == 0
            ? worker.InvokeAsync(function, id, request, metadata, [], leaving.Token)
            : StorageBindings.InvokeAsync(context.RequestServices.GetRequiredService<IJobHost>(), worker, function, id, request, metadata, leaving.Token);

        void Log(string outcome)
        {
            if (function.Storage.Count == 0)
            {
                LogExecuted(logger, function.Name, outcome, id, Stopwatch.GetElapsedTime(start).TotalMilliseconds, null);
            }
        }
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
