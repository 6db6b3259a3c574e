using System.Text.Json.Nodes;
using Grpc.Net.Client;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Grpc;
using Microsoft.Extensions.Logging.Abstractions;

namespace DurableLocalHost;

/// <summary>
/// A whole Functions app for tests: any build for .NET isolated with Durable Functions, Program.cs included, in the test's own
/// process, so that breakpoints work, and on a free port of the loopback interface. One at a time in a process. Its data live in
/// a temporary folder and last until it is disposed, over any number of restarts. Without the setting AzureWebJobsStorage it has
/// an <see cref="Azurite"/> of its own.
/// </summary>
public sealed class LocalFunctionHost : IAsyncDisposable
{
    private readonly DirectoryInfo _dataFolder = Directory.CreateTempSubdirectory("durable-local-host-");
    private Azurite? _azurite;
    private StartOptions _options = null!;
    private FunctionHost? _host;
    private GrpcChannel? _channel;

    private LocalFunctionHost() { }

    /// <summary>Sends to the app. A new one after each start.</summary>
    public HttpClient Http { get; private set; } = null!;

    /// <summary>A client of the app's task hub. A new one after each start.</summary>
    public DurableTaskClient DurableClient { get; private set; } = null!;

    /// <summary>The connection string of its storage account, into whose queues and containers tests put messages and blobs; null if it has none.</summary>
    public string? StorageConnectionString => _options.Settings["AzureWebJobsStorage"];

    /// <summary>What callers need, where they do.</summary>
    /// <exception cref="InvalidOperationException">They do not, as it was not asked for, or the app is stopped.</exception>
    public AccessKeys Keys => _host?.Keys ?? throw new InvalidOperationException("The host asks its callers for no keys, or is stopped.");

    /// <summary>The services that the app registered.</summary>
    /// <exception cref="InvalidOperationException">The app runs in a process of its own.</exception>
    public IServiceProvider Services => (_host?.Workers.Worker as InProcessWorker)?.Services
        ?? throw new InvalidOperationException("The app does not run in this process.");

    /// <param name="settings">App settings, named as in local.settings.json; they override all others, and null removes one.</param>
    /// <param name="storage">Where orchestrations are kept.</param>
    /// <param name="appFolder">The app's build output; null is the folder that the test runs from.</param>
    /// <param name="ownProcess">The app runs in a child process, as in Azure.</param>
    /// <param name="keys">Callers need <see cref="Keys"/>, as in Azure; otherwise every level of authorization is as Anonymous.</param>
    /// <exception cref="LocalHostException">It cannot start; the message says why, with what the app wrote to standard error.</exception>
    /// <exception cref="InvalidOperationException">An app runs in this process already.</exception>
    public static async Task<LocalFunctionHost> StartAsync(
        IReadOnlyDictionary<string, string?>? settings = null,
        StorageProvider storage = StorageProvider.Sqlite,
        string? appFolder = null,
        bool ownProcess = false,
        bool keys = false)
    {
        var host = new LocalFunctionHost();
        try
        {
            appFolder = Path.GetFullPath(appFolder ?? AppContext.BaseDirectory);
            Dictionary<string, string?> all = new(settings ?? new Dictionary<string, string?>());
            all.TryAdd("AzureFunctionsJobHost__logging__logLevel__default", "Error");
            all.TryAdd("AzureFunctionsJobHost__logging__logLevel__Function", "Error");
            if (!all.ContainsKey("AzureWebJobsStorage"))
            {
                host._azurite = await Azurite.StartAsync(Path.Combine(host._dataFolder.FullName, "storage"));
                ReplaceDevelopmentStorage(all, appFolder, host._azurite.ConnectionString);
                all["AzureWebJobsStorage"] = host._azurite.ConnectionString;
            }

            host._options = new StartOptions
            {
                AppFolder = appFolder,
                DataFolder = host._dataFolder.FullName,
                Urls = "http://127.0.0.1:0",
                Storage = storage,
                Settings = all,
                InProcess = !ownProcess,
                Keys = keys,
            };
            await host.StartAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops the app as SIGTERM does and starts it again with the same settings and data.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    /// <summary>Stops the app as SIGTERM does: what runs may end.</summary>
    public async Task StopAsync()
    {
        if (_host is not null)
        {
            Http.Dispose();
            await DurableClient.DisposeAsync();
            _channel?.Dispose();
            await _host.DisposeAsync();
            _host = null;
        }
    }

    /// <summary>Stops the app if it runs, and deletes its data.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await (_azurite?.DisposeAsync() ?? default);
        if (_dataFolder.Exists)
        {
            _dataFolder.Delete(recursive: true);
        }
    }

    // What is to be in the Azurite at the usual ports is in the host's own, whatever the setting's name.
    private static void ReplaceDevelopmentStorage(Dictionary<string, string?> settings, string appFolder, string connectionString)
    {
        foreach ((string name, string? value) in LocalSettings.Read(appFolder, substitute: null).Values.Concat(settings).ToArray())
        {
            if (value is "UseDevelopmentStorage=true" && settings.GetValueOrDefault(name, value) == value)
            {
                settings[name] = connectionString;
            }
        }
    }

    private async Task StartAsync()
    {
        var host = new FunctionHost(_options);
        await host.StartAsync();
        _host = host;
        Http = new HttpClient { BaseAddress = _host.Address };
        JsonNode client = JsonNode.Parse(await _host.Workers.DurableClient.Task)!;
        // Inputs, outputs and histories may be large, as they may be for a function's client.
        var limits = new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null };
        _channel = GrpcChannel.ForAddress((string)client["rpcBaseUrl"]!, limits);
        var options = new GrpcDurableTaskClientOptions { Channel = _channel, EnableEntitySupport = true };
        DurableClient = new GrpcDurableTaskClient("LocalFunctionHost", options, NullLogger.Instance);
    }
}
