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
    private readonly AppFunction[] _functions;
    private readonly AppSettings _settings;
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _running;
    private Task<Azurite?> _azurite = null!;
    private WebApplication _app = null!;

    private FunctionHost(StartOptions options)
    {
        _options = options;
        _functions = AppFunction.ReadAll(options.AppFolder);
        _settings = new AppSettings(options);
        _running = RunAsync();
    }

    public IServiceProvider Services => _app.Services;

    private WorkerSupervisor Workers => Services.GetRequiredService<WorkerSupervisor>();

    // Made when it is first asked for, which takes the address that callers see.
    private IJobHost Durable => Services.GetRequiredService<IJobHost>();

    /// <summary>Where it listens.</summary>
    public Uri Address => Services.GetAddress(1);

    /// <summary>What a durable client is made of: JSON with the addresses of the Durable extension.</summary>
    public string DurableClient => Workers.DurableClient.Task.Result;

    /// <summary>The worker as of now.</summary>
    public IWorker Worker => Workers.Worker!;

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
        // First, as it takes longest.
        _azurite = Azurite.StartIfNeededAsync(
            _options.DataFolder, _settings.Configuration["AzureWebJobsStorage"], tablesOnly: _options.Storage is StorageProvider.Sqlite);
        await using WebApplication app = _app = HostApplication.Build(_options, _settings, _functions);
        Task durable = Task.CompletedTask;
        Task server = Task.CompletedTask;
        using var stopping = new CancellationTokenSource();
        using var abort = new CancellationTokenSource();
        try
        {
            app.MapAll(_started.Task);
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
            await Workers.StopAsync();
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
        await Workers.StartAsync(Services.GetAddress(0));
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
        bool busy = Workers.PendingCount > 0;
        var grace = Task.Delay(Grace);
        await Task.WhenAny(Durable.StopAsync(), grace);
        while (Workers.PendingCount > 0 && !grace.IsCompleted)
        {
            await Task.Delay(10);
        }

        if (busy)
        {
            await Task.Delay(StoreTime);
        }
    }
}
