using System.Diagnostics;
using System.Reflection;
using DurableLocalHost;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tests.LocalHost;

/// <summary>The app DurableSample on a local host.</summary>
public abstract class DurableHost(StorageProvider storage, bool inProcess, bool keys = false, params (string Name, string? Value)[] settings) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    internal static readonly string AppFolder = typeof(DurableHost).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "DurableSample").Value!;

    private static readonly (string Name, string? Value)[] Common =
    [
        ("TickSchedule", "* * * * * *"),
        ("AnotherStorage", "UseDevelopmentStorage=true"),
        // An app that is deployed with another provider.
        ("AzureFunctionsJobHost__extensions__durableTask__storageProvider__type", "mssql"),
        ("AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName", "SQLDB_Connection"),
        ("AzureFunctionsJobHost__extensions__queues__maxDequeueCount", "2"),
        ("AzureFunctionsJobHost__extensions__queues__maxPollingInterval", "00:00:00.200"),
        ("AzureFunctionsJobHost__extensions__queues__visibilityTimeout", "00:00:00"),
    ];

    private LocalFunctionHost? _host;

    public LocalFunctionHost Host => _host!;

    public DurableTaskClient Client => Host.DurableClient;

    public async ValueTask InitializeAsync() => _host = await LocalFunctionHost.StartAsync(
        Common.Concat(settings).ToDictionary(),
        storage,
        AppFolder,
        ownProcess: !inProcess && !Debugger.IsAttached,
        keys);

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <returns>The instance's ID.</returns>
    public Task<string> StartAsync(string orchestration, object? input = null, string? id = null, DateTimeOffset? at = null) =>
        Client.ScheduleNewOrchestrationInstanceAsync(
            orchestration, input, new StartOrchestrationOptions(id ?? $"{orchestration}-{Guid.NewGuid():N}", at));

    /// <summary>Waits for an instance to end: with Azure Storage, the durable client's own method looks every two seconds only.</summary>
    public Task<OrchestrationMetadata> EndAsync(string id) => UntilAsync(id, instance => instance.IsCompleted);

    public async Task<OrchestrationMetadata> RunAsync(string orchestration, object? input = null) =>
        await EndAsync(await StartAsync(orchestration, input));

    /// <summary>Waits until an instance is as it should be.</summary>
    public async Task<OrchestrationMetadata> UntilAsync(string id, Predicate<OrchestrationMetadata> isSo)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            OrchestrationMetadata? instance = await Client.GetInstanceAsync(id, getInputsAndOutputs: true, patience.Token);
            if (instance != null && isSo(instance))
            {
                return instance;
            }

            await Task.Delay(20, patience.Token);
        }
    }
}

/// <summary>In the tests' own process, where one app runs at a time.</summary>
public sealed class SqliteHost() : DurableHost(StorageProvider.Sqlite, inProcess: true);

public sealed class AzureStorageHost() : DurableHost(StorageProvider.AzureStorage, inProcess: false);

[CollectionDefinition]
public sealed class SqliteHostCollection : ICollectionFixture<SqliteHost>;

[CollectionDefinition]
public sealed class AzureStorageHostCollection : ICollectionFixture<AzureStorageHost>;
