using System.Net.Sockets;
using FunctionApp.LocalHost.Worker.Protocol;

namespace FunctionApp.LocalHost.Worker;

/// <summary>Keeps one worker running: starts the next one when it ends, and hands invocations to the one that is ready.</summary>
/// <param name="start">Starts a worker that connects with the given ID.</param>
internal sealed class WorkerSupervisor(Func<string, IWorker> start, string appFolder, WorkerLog log, ILogger<WorkerSupervisor> logger)
    : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(1);

    private volatile WorkerLink? _link;
    private volatile TaskCompletionSource<WorkerLink> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IWorker? _worker;
    private volatile bool _stopping;
    private Task _running = Task.CompletedTask;

    public IWorker? Worker => _worker;

    /// <summary>How many invocations have no answer yet.</summary>
    public int PendingCount => _link?.PendingCount ?? 0;

    /// <summary>The link of that worker; null if it is not the one that is awaited.</summary>
    public WorkerLink? Find(string workerId) => _link is { } link && link.WorkerId == workerId ? link : null;

    /// <summary>The worker that is ready now, or will be soon.</summary>
    public Task<WorkerLink> ReadyAsync() => _ready.Task.IsCompletedSuccessfully ? _ready.Task : _ready.Task.WaitAsync(StartPatience);

    /// <exception cref="LocalHostException">The worker ended, or said that it cannot load the app.</exception>
    public async Task StartAsync()
    {
        await StartWorkerAsync();
        _running = KeepAsync();
    }

    /// <summary>Runs a function on the worker that is ready now, or will be soon.</summary>
    /// <exception cref="FunctionFailedException">It failed.</exception>
    /// <exception cref="WorkerProcessExitException">The worker ended.</exception>
    public async Task<TypedData?> InvokeAsync(string function, InvocationRequest request) =>
        await (await ReadyAsync()).InvokeAsync(function, request);

    /// <summary>Ends the worker and fails what it has not answered.</summary>
    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        _link?.Terminate();
        if (_worker is { } worker)
        {
            await worker.DisposeAsync();
        }

        _link?.Fail("The host is stopping.");
        await _running;
    }

    private async Task StartWorkerAsync()
    {
        var link = new WorkerLink(Guid.NewGuid().ToString(), appFolder, log);
        _link = link;
        IWorker worker = start(link.WorkerId);
        _worker = worker;
        if (_stopping)
        {
            link.Terminate();
        }

        Task ready = UntilListeningAsync(link);
        Task first = await Task.WhenAny(ready, worker.Ended, Task.Delay(StartPatience));
        if (first != ready || ready.IsFaulted)
        {
            string reason = worker.Ended.IsCompleted ? await worker.Ended : ready.Exception?.InnerException?.Message ?? "it did not connect in time";
            link.Terminate();
            await worker.DisposeAsync();
            throw new LocalHostException($"The app ended before it had started: {reason}");
        }

        worker.OnReady();
        _ready.SetResult(link);
    }

    // The worker's HTTP server starts to listen a moment after the worker has said where.
    private static async Task UntilListeningAsync(WorkerLink link)
    {
        await link.Ready;
        while (link.HttpAddress is { } address && !link.Ended.IsCompleted && !await ListensAsync(new Uri(address)))
        {
            await Task.Delay(10);
        }
    }

    private static async Task<bool> ListensAsync(Uri address)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(address.Host, address.Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
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
            string reason = await _worker.Ended;
            _link.Fail($"The worker ended ({reason}).");
            logger.LogError("The worker ended ({Reason}); the next one starts.", reason);
            for (bool started = false; !started && !_stopping;)
            {
                try
                {
                    await StartWorkerAsync();
                    started = true;
                }
                catch (LocalHostException e)
                {
                    logger.LogError("{Reason}", e.Message);
                    await Task.Delay(RestartDelay);
                }
            }
        }
    }
}
