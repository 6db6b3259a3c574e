using System.Runtime.ExceptionServices;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Azure.WebJobs.Host.Executors;
using Microsoft.Azure.WebJobs.Host.Timers;

namespace DurableLocalHost.WebJobs;

/// <summary>Queues and blobs that functions are bound to: WebJobs' genuine extensions for them, and the storage accounts.</summary>
internal static class StorageAccounts
{
    // The setting with the connection string of the host's own storage account.
    private const string HostConnection = "AzureWebJobsStorage";

    // As in Core Tools: the default of a minute is for Azure, where each look costs.
    private static readonly TimeSpan PollingInterval = TimeSpan.FromSeconds(2);

    /// <summary>Whether any function is bound to a queue or a blob.</summary>
    public static bool IsUsed(AppFunction[] functions) => Bindings(functions).Any();

    /// <summary>The connection string of the host's own account, or if it has none, of the first that a function uses.</summary>
    /// <exception cref="LocalHostException">A function's account has no setting.</exception>
    public static string? FindConnection(AppFunction[] functions, IConfiguration settings)
    {
        List<string?> connections = [settings[HostConnection]];
        foreach ((AppFunction function, Binding binding) in Bindings(functions))
        {
            connections.Add(ReadConnection(function, binding, binding.AccountSetting, settings));
            if (binding.Type is "blobTrigger")
            {
                // The host keeps there which blobs it has seen.
                ReadConnection(function, binding, null, settings);
            }
        }

        return connections.Find(connection => !string.IsNullOrEmpty(connection));
    }

    /// <summary>Adds the extensions, if a function needs them.</summary>
    public static void AddStorage(this IWebJobsBuilder webJobs, AppFunction[] functions, AppSettings settings, DataFolder data)
    {
        if (IsUsed(functions))
        {
            AddExtensions(webJobs, settings, data);
        }
    }

    // A method of its own, as to load the extensions takes time.
    private static void AddExtensions(IWebJobsBuilder webJobs, AppSettings settings, DataFolder data)
    {
        TimeSpan usual = new QueuesOptions().MaxPollingInterval;
        webJobs.AddAzureStorageQueues(queues => queues.MaxPollingInterval = queues.MaxPollingInterval == usual ? PollingInterval : queues.MaxPollingInterval);
        webJobs.AddAzureStorageBlobs();
        webJobs.Services
            .AddSingleton<IHostIdProvider>(new HostId(settings.Configuration["AzureFunctionsWebHost:hostid"] ?? $"localhost-{data.Id}"))
            .AddSingleton<IWebJobsExceptionHandler, FailureLog>();
    }

    private static IEnumerable<(AppFunction Function, Binding Binding)> Bindings(AppFunction[] functions) =>
        functions.SelectMany(function => function.Bindings.Where(binding => binding.IsStorage).Select(binding => (function, binding)));

    // Its value; null if it is a section, for an identity.
    private static string? ReadConnection(AppFunction function, Binding binding, string? name, IConfiguration settings)
    {
        // A name with a %setting% in it is WebJobs' to resolve.
        IConfigurationSection setting = settings.GetWebJobsConnectionSection(name ?? "Storage");
        return setting.Value is { Length: > 0 } || setting.GetChildren().Any() || name?.Contains('%') is true
            ? setting.Value
            : throw new LocalHostException(
                $"The function {function.Name} has a {binding.Type}, and its storage account is to be in the setting {name ?? HostConnection}, which is "
                + "missing: set it to a connection string, such as UseDevelopmentStorage=true for Azurite.");
    }

    /// <summary>By this name the host keeps in a storage account, which others may share, which blobs it has seen.</summary>
    private sealed class HostId(string id) : IHostIdProvider
    {
        public Task<string> GetHostIdAsync(CancellationToken cancellationToken) => Task.FromResult(id);
    }

    /// <summary>Logs why a queue or container is not listened to any more, which otherwise would end the process.</summary>
    private sealed class FailureLog(IHostApplicationLifetime lifetime, ILogger<FailureLog> logger) : IWebJobsExceptionHandler
    {
        private static readonly Action<ILogger, string, Exception?> LogEnded = LoggerMessage.Define<string>(
            LogLevel.Error, default, "A queue or blob trigger has ended, since its storage failed: {Reason} Restart the host when the storage is back.");

        public Task OnTimeoutExceptionAsync(ExceptionDispatchInfo exceptionInfo, TimeSpan timeoutGracePeriod) => OnUnhandledExceptionAsync(exceptionInfo);

        public Task OnUnhandledExceptionAsync(ExceptionDispatchInfo exceptionInfo)
        {
            // At the host's own end that is no news.
            if (!lifetime.ApplicationStopping.IsCancellationRequested)
            {
                LogEnded(logger, exceptionInfo.SourceException.GetBaseException().Message, null);
            }

            return Task.CompletedTask;
        }
    }
}
