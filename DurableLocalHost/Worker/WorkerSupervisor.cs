using Grpc.Core;

namespace DurableLocalHost.Worker;

/// <summary>
/// Keeps one worker running: starts the next one when it ends, and hands invocations to the one that is ready. It is also the gRPC
/// service that workers connect to.
/// </summary>
internal sealed class WorkerSupervisor(StartOptions options, AppSettings settings, AppFunction[] functions, ILoggerFactory loggers)
    : FunctionRpc.FunctionRpcBase
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(1);

    // A worker looks for a free port, and listens there a moment later, when another program may have taken it.
    private const string PortTaken = "address already in use";
    private const int MaxStarts = 5;

    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile WorkerLink? _link;
    private volatile TaskCompletionSource<WorkerLink> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _running = Task.CompletedTask;

    /// <summary>The worker as of now.</summary>
    public IWorker? Worker { get; private set; }

    /// <summary>What a worker's durable client is made of: JSON with the addresses of the Durable extension.</summary>
    public TaskCompletionSource<string> DurableClient { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many invocations have no answer yet.</summary>
    public int PendingCount => _link?.PendingCount ?? 0;

    /// <summary>The worker that is ready now, or will be soon.</summary>
    public Task<WorkerLink> ReadyAsync() => _ready.Task.WaitAsync(StartPatience);

    /// <param name="endpoint">Where workers connect to.</param>
    /// <exception cref="LocalHostException">The worker ended, or said that it cannot load the app.</exception>
    public async Task StartAsync(Uri endpoint)
    {
        _running = KeepAsync(endpoint);
        await await Task.WhenAny(_ready.Task, _running);
    }

    /// <summary>Ends the worker and fails what it has not answered.</summary>
    public async Task StopAsync()
    {
        _stop.TrySetResult();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public override async Task EventStream(
        IAsyncStreamReader<StreamingMessage> requestStream, IServerStreamWriter<StreamingMessage> responseStream, ServerCallContext context)
    {
        // Whoever connects says first which worker it is.
        if (await requestStream.MoveNext(context.CancellationToken) && _link is { } link && link.Id == requestStream.Current.StartStream?.WorkerId)
        {
            await link.RunAsync(requestStream, responseStream, context.CancellationToken);
        }
    }

    private async Task KeepAsync(Uri endpoint)
    {
        bool isFirst = true;
        for (int start = 1; !_stop.Task.IsCompleted; start++)
        {
            WorkerLink link = _link = new WorkerLink(
                Guid.NewGuid().ToString(),
                options.AppFolder,
                functions.Select(function => function.Name).ToHashSet(),
                DurableClient.Task,
                new WorkerLog(loggers),
                settings.FunctionTimeout);
            Dictionary<string, string?> environment = new(settings.Variables)
            {
                ["Functions__Worker__HostEndpoint"] = endpoint.AbsoluteUri,
                ["Functions__Worker__WorkerId"] = link.Id,
                ["Functions__Worker__RequestId"] = link.Id,
                ["Functions__Worker__GrpcMaxMessageLength"] = $"{int.MaxValue}",
            };
            Proxies.ExemptLoopback(environment);
            IWorker worker = Worker = options.InProcess
                ? new InProcessWorker(settings.Assembly, environment)
                : new ChildWorker(settings.Assembly, environment);
            var patience = Task.Delay(StartPatience);
            bool isLate = await Task.WhenAny(link.Ready, worker.Ended, _stop.Task, patience) == patience;
            bool isReady = link.Ready.IsCompletedSuccessfully;
            if (isReady)
            {
                worker.OnReady();
                _ready.SetResult(link);
                await Task.WhenAny(link.Ended, _stop.Task);
                _ready = new TaskCompletionSource<WorkerLink>(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            link.Terminate();
            await worker.DisposeAsync();
            string reason = isLate ? $"it was not ready after {StartPatience.TotalSeconds} seconds"
                : (link.Ready.Exception?.InnerException as LocalHostException)?.Message ?? await worker.Ended;
            link.End($"The worker ended ({reason}).");
            if (isFirst && !isReady && (start == MaxStarts || !reason.Contains(PortTaken)))
            {
                throw new LocalHostException($"The app ended before it had started: {reason}");
            }

            isFirst &= !isReady;
            if (!_stop.Task.IsCompleted)
            {
                loggers.CreateLogger<WorkerSupervisor>().LogError("The worker ended ({Reason}); the next one starts.", reason);
                await Task.Delay(isReady ? TimeSpan.Zero : RestartDelay);
            }
        }
    }
}
