using FunctionApp.LocalHost.Worker.Protocol;
using Grpc.Core;

namespace FunctionApp.LocalHost.Worker;

/// <summary>
/// Keeps one worker running: starts the next one when it ends, and hands invocations to the one that is ready. It is also the gRPC
/// service that workers connect to.
/// </summary>
internal sealed class WorkerSupervisor(StartOptions options, ILoggerFactory loggers) : FunctionRpc.FunctionRpcBase
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(1);

    private readonly WorkerLog _log = new(loggers);
    private readonly ILogger _logger = loggers.CreateLogger<WorkerSupervisor>();
    private Func<string, IWorker> _start = null!;
    private volatile WorkerLink? _link;
    private volatile TaskCompletionSource<WorkerLink> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IWorker? _worker;
    private volatile bool _stopping;
    private Task _running = Task.CompletedTask;

    public IWorker? Worker => _worker;

    /// <summary>What a worker's durable client is made of: JSON with the addresses of the Durable extension.</summary>
    public TaskCompletionSource<string> DurableClient { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many invocations have no answer yet.</summary>
    public int PendingCount => _link?.PendingCount ?? 0;

    /// <summary>The worker that is ready now, or will be soon.</summary>
    public Task<WorkerLink> ReadyAsync() => _ready.Task.IsCompletedSuccessfully ? _ready.Task : _ready.Task.WaitAsync(StartPatience);

    /// <param name="start">Starts a worker that connects with the given ID.</param>
    /// <exception cref="LocalHostException">The worker ended, or said that it cannot load the app.</exception>
    public async Task StartAsync(Func<string, IWorker> start)
    {
        _start = start;
        if (await StartWorkerAsync() is { } failure)
        {
            throw new LocalHostException(failure);
        }

        _running = KeepAsync();
    }

    /// <summary>Runs a function on the worker that is ready now, or will be soon.</summary>
    /// <exception cref="FunctionFailedException">It failed.</exception>
    /// <exception cref="WorkerProcessExitException">The worker ended.</exception>
    public async Task<TypedData?> InvokeAsync(AppFunction function, string id, TypedData trigger, IEnumerable<KeyValuePair<string, object>> metadata) =>
        await (await ReadyAsync()).InvokeAsync(function, id, trigger, metadata);

    /// <summary>Ends the worker and fails what it has not answered.</summary>
    public async Task StopAsync()
    {
        _stopping = true;
        _link?.Terminate();
        await (_worker?.DisposeAsync() ?? default);
        _link?.End("The host is stopping.");
        await _running;
    }

    public override async Task EventStream(
        IAsyncStreamReader<StreamingMessage> requestStream, IServerStreamWriter<StreamingMessage> responseStream, ServerCallContext context)
    {
        // Whoever connects says first which worker it is.
        if (await requestStream.MoveNext(context.CancellationToken) && _link is { } link && link.Id == requestStream.Current.StartStream?.WorkerId)
        {
            Task first = await Task.WhenAny(link.RunAsync(requestStream, responseStream, context.CancellationToken), link.Ended);
            await first;
        }
    }

    /// <returns>Why it could not start; null if it did.</returns>
    private async Task<string?> StartWorkerAsync()
    {
        var link = new WorkerLink(Guid.NewGuid().ToString(), options.AppFolder, DurableClient.Task, _log);
        _link = link;
        IWorker worker = _start(link.Id);
        _worker = worker;
        if (_stopping)
        {
            link.Terminate();
        }

        await Task.WhenAny(link.Ready, worker.Ended, Task.Delay(StartPatience));
        if (link.Ready.IsCompletedSuccessfully)
        {
            worker.OnReady();
            _ready.SetResult(link);
            return null;
        }

        string reason = worker.Ended.IsCompleted ? await worker.Ended
            : link.Ready.Exception?.InnerException?.Message ?? "it did not connect in time";
        link.Terminate();
        await worker.DisposeAsync();
        return $"The app ended before it had started: {reason}";
    }

    private async Task KeepAsync()
    {
        while (true)
        {
            // Whichever is noticed first: its process has ended, or its connection.
            await Task.WhenAny(_worker!.Ended, _link!.Ended);
            await _worker.DisposeAsync();
            if (_stopping)
            {
                return;
            }

            _ready = new TaskCompletionSource<WorkerLink>(TaskCreationOptions.RunContinuationsAsynchronously);
            string reason = $"The worker ended ({await _worker.Ended})";
            _link.End(reason);
            _logger.LogError("{Reason}; the next one starts.", reason);
            while (await StartWorkerAsync() is { } failure && !_stopping)
            {
                _logger.LogError("{Reason}", failure);
                await Task.Delay(RestartDelay);
            }
        }
    }
}
