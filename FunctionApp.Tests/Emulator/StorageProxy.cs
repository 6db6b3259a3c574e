using System.Collections.Concurrent;
using Azure.Data.Tables;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace FunctionApp.Tests.Emulator;

/// <summary>Stands between an app and its Azurite: takes note of the requests, and fails them when told to.</summary>
internal sealed class StorageProxy : IAsyncDisposable
{
    private readonly string _azurite;
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false });
    private readonly WebApplication _app;
    private readonly IHttpForwarder _forwarder;

    private StorageProxy(string azurite)
    {
        _azurite = azurite;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddHttpForwarder();
        _app = builder.Build();
        _app.Run(ForwardAsync);
        _forwarder = _app.Services.GetRequiredService<IHttpForwarder>();
    }

    /// <summary>Comes before Azurite while it is set; true if the request has been dealt with.</summary>
    public Func<HttpContext, Task<bool>>? Fault { get; set; }

    /// <summary>Is called after Azurite has written a row and before the app hears of it.</summary>
    public Action? RowWritten { get; set; }

    /// <summary>The requests about rows, as "PUT &lt;PartitionKey&gt;"; what only asks whether storage is there is none.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    /// <summary>Starts one and puts its address into the settings of an app.</summary>
    public static async Task<StorageProxy> StartAsync(Dictionary<string, string?> settings)
    {
        string connectionString = settings["AzureWebJobsStorage"]!;
        string azurite = new TableServiceClient(connectionString).Uri.GetLeftPart(UriPartial.Authority);
        var proxy = new StorageProxy(azurite);
        await proxy._app.StartAsync();
        settings["AzureWebJobsStorage"] = connectionString.Replace(azurite, proxy._app.Urls.First(), StringComparison.Ordinal);
        return proxy;
    }

    public void ForgetRequests() => _requests.Clear();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task ForwardAsync(HttpContext context)
    {
        if (Fault is { } fault && await fault(context))
        {
            return;
        }

        // GET /devstoreaccount1/results1(PartitionKey='<task>',RowKey='<task>')?…
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        bool isRow = target.Contains("PartitionKey='", StringComparison.Ordinal);
        if (isRow)
        {
            _requests.Enqueue($"{context.Request.Method} {target.Split("PartitionKey='")[1].Split('\'')[0]}");
        }

        await _forwarder.SendAsync(context, _azurite, _http, ForwarderRequestConfig.Empty, new SameTarget(isRow ? RowWritten : null));
    }

    /// <summary>Passes on the target as it came, since the signature is over it.</summary>
    private sealed class SameTarget(Action? answered) : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            string target = httpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
            proxyRequest.RequestUri = new Uri(destinationPrefix + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
            proxyRequest.Headers.Host = httpContext.Request.Host.Value;
        }

        public override ValueTask<bool> TransformResponseAsync(
            HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
        {
            if (proxyResponse is { IsSuccessStatusCode: true } && httpContext.Request.Method == HttpMethod.Put.Method)
            {
                answered?.Invoke();
            }

            return base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        }
    }
}
