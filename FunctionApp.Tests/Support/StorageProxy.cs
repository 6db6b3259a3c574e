using System.Collections.Concurrent;
using System.Net;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace FunctionApp.Tests;

/// <summary>Stands between a host and its Azurite: takes note of the requests, and fails them when told to.</summary>
internal sealed class StorageProxy : IAsyncDisposable
{
    private readonly ConcurrentQueue<(string Method, string Target)> _requests = new();
    private readonly Dictionary<int, string> _azurite = [];
    private readonly HttpMessageInvoker _http =
        new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false });
    private readonly WebApplication _app;
    private readonly IHttpForwarder _forwarder;

    private StorageProxy(int services)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            for (int i = 0; i < services; i++)
            {
                kestrel.Listen(IPAddress.Loopback, 0);
            }
        });
        builder.Services.AddHttpForwarder();
        _app = builder.Build();
        _app.Run(ForwardAsync);
        _forwarder = _app.Services.GetRequiredService<IHttpForwarder>();
    }

    /// <summary>Comes before Azurite while it is set; true if the request has been dealt with.</summary>
    public Func<HttpContext, Task<bool>>? Fault { get; set; }

    /// <summary>Is called after Azurite has done what a request asked for and before the caller hears of it.</summary>
    public Action<HttpContext>? Done { get; set; }

    /// <summary>Method and target as sent: <c>PATCH</c>, <c>/devstoreaccount1/results(PartitionKey='...',RowKey='...')?...</c>.</summary>
    public IReadOnlyList<(string Method, string Target)> Requests => [.. _requests];

    /// <summary>Starts one, for tables, queues and blobs, and puts its addresses into the settings of a host.</summary>
    public static async Task<StorageProxy> StartAsync(Dictionary<string, string?> settings)
    {
        string connectionString = settings["AzureWebJobsStorage"]!;
        Uri[] azurite =
        [
            new TableServiceClient(connectionString).Uri,
            new QueueServiceClient(connectionString).Uri,
            new BlobServiceClient(connectionString).Uri,
        ];
        var proxy = new StorageProxy(azurite.Length);
        await proxy._app.StartAsync();
        foreach ((Uri service, string url) in azurite.Zip(proxy._app.Urls))
        {
            string authority = service.GetLeftPart(UriPartial.Authority);
            proxy._azurite[new Uri(url).Port] = authority;
            connectionString = connectionString.Replace(authority, url);
        }

        settings["AzureWebJobsStorage"] = connectionString;
        return proxy;
    }

    public static string Target(HttpContext context) => context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;

    /// <summary>Whether a request changes a row of a table.</summary>
    public static bool IsUpdate(HttpContext context, string table) =>
        context.Request.Method is "PATCH" or "PUT" or "MERGE" && Target(context).Contains($"/{table}(");

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task ForwardAsync(HttpContext context)
    {
        _requests.Enqueue((context.Request.Method, Target(context)));
        if (Fault is not { } fault || !await fault(context))
        {
            await _forwarder.SendAsync(
                context, _azurite[context.Connection.LocalPort], _http, ForwarderRequestConfig.Empty, new SameTarget(Done));
        }
    }

    /// <summary>Passes on the target as it came, since the signature is over it.</summary>
    private sealed class SameTarget(Action<HttpContext>? done) : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            proxyRequest.RequestUri = new Uri(
                destinationPrefix + Target(httpContext), new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
            proxyRequest.Headers.Host = httpContext.Request.Host.Value;
        }

        public override ValueTask<bool> TransformResponseAsync(
            HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
        {
            if (proxyResponse is { IsSuccessStatusCode: true })
            {
                done?.Invoke(httpContext);
            }

            return base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        }
    }
}
