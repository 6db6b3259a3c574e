using System.Net;
using FunctionApp.LocalHost.Worker;
using FunctionApp.LocalHost.Worker.Protocol;
using Yarp.ReverseProxy.Forwarder;

namespace FunctionApp.LocalHost.Http;

/// <summary>
/// Answers requests as the Functions host does: it forwards each to the worker and tells the worker, over its link, which function
/// is to answer it.
/// </summary>
internal sealed class HttpFunctions(WorkerSupervisor workers, IHttpForwarder forwarder, Func<string> durableClient) : IDisposable
{
    // By this header the worker finds the invocation that belongs to a request.
    private const string InvocationHeader = "x-ms-invocation-id";

    // How long an answer may still be on its way after its function has failed; the worker sends it first.
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(1);

    private static readonly ForwarderRequestConfig ForwarderConfig = new()
    {
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        ActivityTimeout = Timeout.InfiniteTimeSpan,
    };

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
    });

    /// <summary>Answers one request; an empty 500 if the function fails without an answer.</summary>
    /// <exception cref="FunctionFailedException">After the answer, if there is one: what to log.</exception>
    /// <exception cref="WorkerProcessExitException">The same, if the worker ended.</exception>
    public async Task AnswerAsync(HttpContext context, AppFunction function, string invocationId)
    {
        WorkerLink worker = await workers.ReadyAsync();
        context.Request.Headers[InvocationHeader] = invocationId;
        using var forwarding = new CancellationTokenSource();
        Task<ForwarderError> forward = forwarder.SendAsync(
            context, worker.HttpAddress!, _http, ForwarderConfig, HttpTransformer.Default, forwarding.Token).AsTask();
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        Task<TypedData?> invocation = worker.InvokeAsync(function.Name, CreateRequest(context, function, invocationId), leaving.Token);
        if (await Task.WhenAny(forward, invocation) == invocation && !invocation.IsCompletedSuccessfully)
        {
            await Task.WhenAny(forward, Task.Delay(AnswerPatience, context.RequestAborted));
            await forwarding.CancelAsync();
        }

        if (await forward != ForwarderError.None)
        {
            // Nobody hears the function any more.
            await leaving.CancelAsync();
        }

        try
        {
            await invocation;
        }
        catch when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            throw;
        }
    }

    public void Dispose() => _http.Dispose();

    private InvocationRequest CreateRequest(HttpContext context, AppFunction function, string invocationId)
    {
        InvocationRequest request = function.CreateRequest(invocationId, new TypedData { Http = new RpcHttp() }, durableClient());
        foreach ((string name, object? value) in context.Request.RouteValues)
        {
            if (value is string text)
            {
                request.TriggerMetadata[name] = new TypedData { String = text };
            }
        }

        return request;
    }
}
