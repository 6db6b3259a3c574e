using System.Net;
using FunctionApp.LocalHost.Worker.Protocol;
using Grpc.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace FunctionApp.LocalHost.Worker;

/// <summary>The gRPC service that a worker connects to.</summary>
internal sealed class WorkerEndpoint(Func<string, WorkerLink?> find) : FunctionRpc.FunctionRpcBase
{
    /// <summary>Serves it on a free port of the loopback interface.</summary>
    /// <param name="find">The link of a worker by its ID; null if that worker is not expected.</param>
    public static async Task<WebApplication> StartAsync(Func<string, WorkerLink?> find, ILoggerFactory loggers)
    {
        WebApplicationBuilder builder = Hosting.CreateWebBuilder(loggers);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = null;
            grpc.MaxSendMessageSize = null;
        });
        builder.Services.AddSingleton(new WorkerEndpoint(find));
        WebApplication app = builder.Build();
        app.MapGrpcService<WorkerEndpoint>();
        await app.StartAsync();
        return app;
    }

    public override async Task EventStream(
        IAsyncStreamReader<StreamingMessage> requestStream, IServerStreamWriter<StreamingMessage> responseStream, ServerCallContext context)
    {
        // Whoever connects says first which worker it is.
        if (await requestStream.MoveNext(context.CancellationToken) && find(requestStream.Current.StartStream?.WorkerId ?? "") is { } link)
        {
            await link.RunAsync(requestStream, responseStream, context.CancellationToken);
        }
    }
}
