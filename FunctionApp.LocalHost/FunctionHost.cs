using System.Net.Sockets;
using System.Text.RegularExpressions;
using FunctionApp.LocalHost.Durable;
using FunctionApp.LocalHost.Http;
using FunctionApp.LocalHost.Sqlite;
using FunctionApp.LocalHost.Timers;
using FunctionApp.LocalHost.Worker;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Azure.WebJobs;

namespace FunctionApp.LocalHost;

/// <summary>A running host: the order in which its parts start and stop.</summary>
internal sealed partial class FunctionHost : IAsyncDisposable
{
    /// <summary>How long running activities and requests may take to end when the host stops.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    // From an activity's answer until the extension has stored it.
    private static readonly TimeSpan StoreTime = TimeSpan.FromMilliseconds(200);

    // From the worker's end until every caller has its answer.
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(1);

    private readonly StartOptions _options;
    private readonly Dictionary<string, string?> _settings;
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DurableFunctions _durable;
    private readonly WebApplication _app;
    private readonly WorkerSupervisor _workers;
    private readonly Task _running;

    private FunctionHost(StartOptions options)
    {
        _options = options;
        Functions = AppFunction.ReadAll(options.AppFolder);
        _settings = AppSettings.Read(options);
        IConfigurationRoot configuration = AppSettings.Configure(options, _settings);
        RoutePrefix = configuration[$"{AppSettings.HostJson}:extensions:http:routePrefix"] ?? "api";
        _durable = FunctionEmitter.Create(Functions);
        _app = HostApplication.Build(options, configuration, Functions, _durable);
        _app.MapAll(Functions, RoutePrefix, _started.Task);
        _workers = _app.Services.GetRequiredService<WorkerSupervisor>();
        _durable.Connect(_workers, Functions);
        _running = RunAsync();
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = null!;

    public IReadOnlyList<AppFunction> Functions { get; }

    public string RoutePrefix { get; }

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
        await using WebApplication app = _app;
        using FileStream dataFolder = DataFolder.Lock(_options.DataFolder);
        Task<Azurite?> azurite = Azurite.StartIfNeededAsync(
            _options.DataFolder, app.Configuration["AzureWebJobsStorage"], tablesOnly: _options.Storage is StorageProvider.Sqlite);
        Task durable = Task.CompletedTask;
        Task server = Task.CompletedTask;
        using var stopping = new CancellationTokenSource();
        using var abort = new CancellationTokenSource();
        try
        {
            Uri workerAddress = await ListenAsync();
            Task worker = StartWorkerAsync(workerAddress, azurite);
            durable = Task.Run(() => StartDurableAsync(azurite));
            // What is wrong with a setting the app says best.
            await worker;
            await durable;
            _ = app.Services.GetRequiredService<TimerTriggers>().RunAsync(stopping.Token);
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
            if (await azurite is { } own)
            {
                await own.DisposeAsync();
            }
        }
    }

    private async Task EndWorkAsync()
    {
        bool busy = _workers.PendingCount > 0;
        var grace = Task.Delay(Grace);
        await Task.WhenAny(_app.Services.GetRequiredService<IJobHost>().StopAsync(), grace);
        while (_workers.PendingCount > 0 && !grace.IsCompleted)
        {
            await Task.Delay(10);
        }

        if (busy)
        {
            await Task.Delay(StoreTime);
        }
    }

    /// <returns>Where workers connect to.</returns>
    private async Task<Uri> ListenAsync()
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

        Uri[] addresses = [.. _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Select(address => new Uri(AnyAddress().Replace(address, "//localhost:")))];
        Address = addresses[1];
        _durable.WebHook = new Uri(Address, DurableExtension.WebHookPath);
        return addresses[0];
    }

    private async Task StartWorkerAsync(Uri address, Task<Azurite?> azurite)
    {
        string assembly = AppSettings.FindWorker(_options.AppFolder);
        // Apps use their storage as soon as they start.
        await azurite;
        await _workers.StartAsync(id => _options.InProcess
            ? new InProcessWorker(assembly, address, id, _settings)
            : new ChildWorker(assembly, address, id, _settings));
    }

    private async Task StartDurableAsync(Task<Azurite?> azurite)
    {
        try
        {
            if (_options.Storage is StorageProvider.AzureStorage)
            {
                await azurite;
            }

            IJobHost jobs = _app.Services.GetRequiredService<IJobHost>();
            await jobs.StartAsync(CancellationToken.None);
            await jobs.CallAsync(FunctionEmitter.ClientFunction);
        }
        catch (Exception e) when (e is not LocalHostException)
        {
            throw new LocalHostException(
                e is SqliteFileException ? e.Message : $"The Durable extension cannot start: {e.GetBaseException().Message}", e);
        }
    }

    [GeneratedRegex(@"//(\[::\]|0\.0\.0\.0|\+|\*):")]
    private static partial Regex AnyAddress();
}
