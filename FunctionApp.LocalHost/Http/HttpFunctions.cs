using FunctionApp.LocalHost.Worker;
using FunctionApp.LocalHost.Worker.Protocol;
using Yarp.ReverseProxy.Forwarder;

namespace FunctionApp.LocalHost.Http;

/// <summary>
/// Answers requests as the Functions host does: it forwards each to the worker and tells the worker, over its link, which function
/// is to answer it.
/// </summary>
internal sealed class HttpFunctions(WorkerSupervisor workers, IHttpForwarder forwarder, IHostApplicationLifetime lifetime, InvocationLog log) : IDisposable
{
    // By this header the worker finds the invocation that belongs to a request.
    private const string InvocationHeader = "x-ms-invocation-id";

    // How long an answer may still be on its way after its function has failed; the worker sends it first.
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan WorkerPatience = TimeSpan.FromSeconds(10);

    private static readonly ForwarderRequestConfig ForwarderConfig = new() { ActivityTimeout = Timeout.InfiniteTimeSpan };

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
    });

    /// <summary>
    /// Answers one request; with an empty 500 if the function fails without an answer, with 503 if the worker ends or is not there.
    /// </summary>
    public Task AnswerAsync(HttpContext context, AppFunction function) => log.RunAsync(function.Name, async invocationId =>
    {
        try
        {
            await ForwardAsync(context, function, invocationId);
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            if (e is WorkerProcessExitException or TimeoutException)
            {
                context.Response.Headers.RetryAfter = "1";
                await TypedResults.Problem("The app has ended and is being started again.", statusCode: StatusCodes.Status503ServiceUnavailable)
                    .ExecuteAsync(context);
            }

            throw;
        }
    });

    public void Dispose() => _http.Dispose();

    private async Task ForwardAsync(HttpContext context, AppFunction function, string invocationId)
    {
        WorkerLink worker = await workers.ReadyAsync().WaitAsync(WorkerPatience, context.RequestAborted);
        context.Request.Headers[InvocationHeader] = invocationId;
        using var forwarding = new CancellationTokenSource();
        Task<ForwarderError> forward = forwarder.SendAsync(
            context, worker.HttpAddress!.AbsoluteUri, _http, ForwarderConfig, HttpTransformer.Default, forwarding.Token).AsTask();
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
