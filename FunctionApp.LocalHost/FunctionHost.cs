using System.Diagnostics;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using FunctionApp.LocalHost.Durable;
using FunctionApp.LocalHost.Http;
using FunctionApp.LocalHost.Sqlite;
using FunctionApp.LocalHost.Timers;
using FunctionApp.LocalHost.Worker;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Yarp.ReverseProxy.Forwarder;

namespace FunctionApp.LocalHost;

/// <summary>A running host: its parts, in the order in which they start and stop.</summary>
internal sealed partial class FunctionHost : IAsyncDisposable
{
    /// <summary>How long running activities and requests may take to end when the host stops.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    // From an activity's answer until the extension has stored it.
    private static readonly TimeSpan StoreTime = TimeSpan.FromMilliseconds(200);

    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ILoggerFactory? _loggers;
    private FileStream? _dataFolder;
    private Task<Azurite?> _azurite = Task.FromResult<Azurite?>(null);
    private WebApplication? _workerEndpoint;
    private WorkerSupervisor? _workers;
    private DurableHost? _durable;
    private TimerTriggers? _timers;
    private HttpFunctions? _http;
    private WebApplication? _server;

    private FunctionHost()
    {
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = null!;

    public IReadOnlyList<AppFunction> Functions { get; private set; } = [];

    public string RoutePrefix { get; private set; } = "";

    /// <summary>What a worker's durable client is made of: JSON with the addresses of the Durable extension.</summary>
    public string DurableClient => _durable!.Client;

    /// <summary>The worker as of now.</summary>
    public IWorker Worker => _workers!.Worker!;

    /// <exception cref="LocalHostException">It cannot start.</exception>
    public static async Task<FunctionHost> StartAsync(StartOptions options)
    {
        var host = new FunctionHost();
        try
        {
            await host.StartPartsAsync(options);
            return host;
        }
        catch
        {
            host._started.TrySetCanceled();
            await host.CleanUpAsync();
            throw;
        }
    }

    /// <summary>Takes no more requests and work, lets what runs end for <see cref="Grace"/>, and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        long start = Stopwatch.GetTimestamp();
        bool busy = _workers!.PendingCount > 0;
        using var grace = new CancellationTokenSource(Grace);
        await _timers!.DisposeAsync();
        await Task.WhenAll(_server!.StopAsync(grace.Token), _durable!.StopAsync());
        while (_workers.PendingCount > 0 && Stopwatch.GetElapsedTime(start) < Grace)
        {
            await Task.Delay(10);
        }

        if (busy)
        {
            await Task.Delay(StoreTime);
        }

        await CleanUpAsync();
    }

    private async Task StartPartsAsync(StartOptions options)
    {
        Functions = AppFunction.ReadAll(options.AppFolder);
        Dictionary<string, string?> settings = AppSettings.Read(options);
        IConfigurationRoot configuration = AppSettings.Configure(options, settings);
        RoutePrefix = configuration[$"{AppSettings.HostJson}:extensions:http:routePrefix"] ?? "api";
        _loggers = Logs.Create(configuration);
        _dataFolder = DataFolder.Lock(options.DataFolder);
        _azurite = Azurite.StartIfNeededAsync(
            options.DataFolder, configuration["AzureWebJobsStorage"], tablesOnly: options.Storage is StorageProvider.Sqlite);

        _workerEndpoint = await WorkerEndpoint.StartAsync(id => _workers!.Find(id), _loggers);
        Uri workerAddress = ListenAddress(_workerEndpoint);
        _workers = new WorkerSupervisor(
            id => StartWorker(options, workerAddress, id, settings), options.AppFolder, new WorkerLog(_loggers), _loggers.CreateLogger<WorkerSupervisor>());
        var log = new InvocationLog(_loggers);
        var timers = Functions.Where(function => function.TriggerType is "timerTrigger")
            .ToDictionary(function => function, function => Schedule.Parse(function, configuration));
        _timers = new TimerTriggers(timers, _workers, log, () => DurableClient);
        await StartServerAsync(options.Urls, log);

        Task worker = StartWorkersAsync();
        var durable = Task.Run(() => StartDurableAsync(options, configuration));
        // What is wrong with a setting the app says best.
        await worker;
        await durable;
        _timers.Start();
        _started.SetResult();
    }

    private async Task StartServerAsync(string urls, InvocationLog log)
    {
        try
        {
            _server = HttpEndpoints.Build(urls, _loggers!, _started.Task);
            _http = new HttpFunctions(_workers!, _server.Services.GetRequiredService<IHttpForwarder>(), () => DurableClient);
            _server.MapFunctions(Functions.Where(function => function.TriggerType is "httpTrigger"), RoutePrefix, _http, log);
            _server.MapAdmin(_timers!.StartNow);
            _server.MapManagement(() => _durable!);
            await _server.StartAsync();
            Address = ListenAddress(_server);
        }
        catch (Exception e) when (e is IOException or SocketException or FormatException or InvalidOperationException)
        {
            throw new LocalHostException(
                $"The host cannot listen: {e.Message.TrimEnd('.')}. Stop what does, or choose another address with --urls.", e);
        }
    }

    private async Task StartWorkersAsync()
    {
        // Apps use their storage as soon as they start.
        await _azurite;
        await _workers!.StartAsync();
    }

    private async Task StartDurableAsync(StartOptions options, IConfiguration configuration)
    {
        try
        {
            _durable = new DurableHost(Functions, _workers!, configuration, _loggers!, Address, services =>
                services.AddSqliteDurability(Path.Combine(options.DataFolder, "durable.db")));
            if (options.Storage is StorageProvider.AzureStorage)
            {
                await _azurite;
            }

            await _durable.StartAsync();
        }
        catch (SqliteFileException e)
        {
            throw new LocalHostException(e.Message, e);
        }
        catch (Exception e) when (e is not LocalHostException)
        {
            throw new LocalHostException($"The Durable extension cannot start: {e.GetBaseException().Message}", e);
        }
    }

    private static IWorker StartWorker(StartOptions options, Uri endpoint, string id, Dictionary<string, string?> settings)
    {
        string assembly = Path.Combine(options.AppFolder, AppFunction.ReadWorkerPath(options.AppFolder));
        return options.InProcess ? new InProcessWorker(assembly, endpoint, id, settings) : new ChildWorker(assembly, endpoint, id, settings);
    }

    private static Uri ListenAddress(WebApplication app) =>
        new(AnyAddress().Replace(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First(), "//localhost:"));

    [GeneratedRegex(@"//(\[::\]|0\.0\.0\.0|\+|\*):")]
    private static partial Regex AnyAddress();

    private async Task CleanUpAsync()
    {
        await DisposeAsync(_server);
        _http?.Dispose();
        await DisposeAsync(_workers);
        await DisposeAsync(_durable);
        await DisposeAsync(_workerEndpoint);
        await ((Task)_azurite).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await DisposeAsync(_azurite.IsCompletedSuccessfully ? await _azurite : null);
        await DisposeAsync(_dataFolder);
        _loggers?.Dispose();
    }

    private static ValueTask DisposeAsync(IAsyncDisposable? part) => part?.DisposeAsync() ?? default;
}
