using System.Net.Sockets;
using FunctionApp.LocalHost.Durable;
using FunctionApp.LocalHost.Http;
using FunctionApp.LocalHost.Sqlite;
using FunctionApp.LocalHost.Timers;
using FunctionApp.LocalHost.Worker;
using Microsoft.Azure.WebJobs;

namespace FunctionApp.LocalHost;

/// <summary>A running host: the order in which its parts start and stop.</summary>
internal sealed class FunctionHost : IAsyncDisposable
{
    /// <summary>How long running activities and requests may take to end when the host stops.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    // From an activity's answer until the extension has stored it.
    private static readonly TimeSpan StoreTime = TimeSpan.FromMilliseconds(200);

    // From the worker's end until every caller has its answer.
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(1);

    private readonly StartOptions _options;
    private readonly WebApplication _app;
    private readonly WorkerSupervisor _workers;
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _running;
    private Task<Azurite?> _azurite = null!;

    private FunctionHost(StartOptions options)
    {
        _options = options;
        _app = HostApplication.Build(options);
        _app.MapAll(_started.Task);
        _workers = Services.GetRequiredService<WorkerSupervisor>();
        _running = RunAsync();
    }

    public IServiceProvider Services => _app.Services;

    // Made when it is first asked for, which takes the address that callers see.
    private IJobHost Durable => Services.GetRequiredService<IJobHost>();

    /// <summary>Where it listens.</summary>
    public Uri Address => Services.GetAddress(1);

    /// <summary>What a durable client is made of: JSON with the addresses of the Durable extension.</summary>
    public string DurableClient => _workers.DurableClient.Task.Result;

    /// <summary>The worker as of now.</summary>
    public IWorker Worker => _workers.Worker!;

    /// <exception cref="LocalHostException">It cannot start.</exception>
    public static async Task<FunctionHost> StartAsync(StartOptions options)
    {
        var host = new FunctionHost(options);
        Task first = await Task.WhenAny(host._started.Task, host._running);
        await first;
        return host;
    }

    /// <summary>Takes no more requests and work, lets what runs end for <see cref="Grace"/>, and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        _stop.TrySetResult();
        await _running;
    }

    private async Task RunAsync()
    {
        using FileStream dataFolder = DataFolder.Lock(_options.DataFolder);
        await using WebApplication app = _app;
        _azurite = Azurite.StartIfNeededAsync(
            _options.DataFolder, app.Configuration["AzureWebJobsStorage"], tablesOnly: _options.Storage is StorageProvider.Sqlite);
        Task durable = Task.CompletedTask;
        Task server = Task.CompletedTask;
        using var stopping = new CancellationTokenSource();
        using var abort = new CancellationTokenSource();
        try
        {
            await ListenAsync();
            Task worker = StartWorkerAsync();
            durable = Task.Run(StartDurableAsync);
            // What is wrong with a setting the app says best.
            await worker;
            await durable;
            _ = Services.GetRequiredService<TimerTriggers>().RunAsync(stopping.Token);
            _started.SetResult();

            await _stop.Task;
            await stopping.CancelAsync();
            server = app.StopAsync(abort.Token);
            await EndWorkAsync();
        }
        finally
        {
            await _workers.StopAsync();
            abort.CancelAfter(AnswerTime);
            await server;
            await Task.WhenAny(durable, Task.Delay(Grace));
            await ((await _azurite)?.DisposeAsync() ?? default);
        }
    }

    private async Task ListenAsync()
    {
        try
        {
            await _app.StartAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or FormatException or InvalidOperationException)
        {
            throw new LocalHostException(
                $"The host cannot listen: {e.Message.TrimEnd('.')}. Stop what does, or choose another address with --urls.", e);
        }
    }

    private async Task StartWorkerAsync()
    {
        // Apps use their storage as soon as they start.
        await _azurite;
        await _workers.StartAsync(Services.GetAddress(0));
    }

    private async Task StartDurableAsync()
    {
        try
        {
            await (_options.Storage is StorageProvider.AzureStorage ? _azurite : Task.CompletedTask);
            await Durable.StartAsync(CancellationToken.None);
            await Durable.CallAsync(FunctionEmitter.ClientFunction);
        }
        catch (Exception e) when (e is not LocalHostException)
        {
            throw new LocalHostException(
                e is SqliteFileException ? e.Message : $"The Durable extension cannot start: {e.GetBaseException().Message}", e);
        }
    }

    private async Task EndWorkAsync()
    {
        bool busy = _workers.PendingCount > 0;
        var grace = Task.Delay(Grace);
        await Task.WhenAny(Durable.StopAsync(), grace);
        while (_workers.PendingCount > 0 && !grace.IsCompleted)
        {
            await Task.Delay(10);
        }

        if (busy)
        {
            await Task.Delay(StoreTime);
        }
    }
}
