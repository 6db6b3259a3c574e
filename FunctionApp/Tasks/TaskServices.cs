using Azure.Data.Tables;
using FunctionApp.Tasks.Batches;
using FunctionApp.Tasks.Upkeep;
using FunctionApp.Tasks.Webhooks;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace FunctionApp.Tasks;

/// <summary>Registers what this folder needs.</summary>
internal static class TaskServices
{
    /// <summary>Key of the tables and blobs for work in the background, which waits for storage for a minute.</summary>
    public const string Patient = "patient";

    /// <exception cref="StartupException">A setting is missing or malformed.</exception>
    public static void AddTasks(this IServiceCollection services, IConfiguration configuration)
    {
        string results = StorageAccount.ReadTableName(configuration, "ResultsTable", "results");
        TableServiceClient storage = StorageAccount.ConnectInteractive(configuration);
        services.AddSingleton(new TaskTable(storage.GetTableClient(results)));
        services.AddSingleton(new KeysTable(storage.GetTableClient($"{results}keys")));
        services.AddSingleton(new ItemsTable(storage.GetTableClient($"{results}items")));
        TableServiceClient patient = StorageAccount.ConnectPatient(configuration);
        services.AddKeyedSingleton(Patient, new TaskTable(patient.GetTableClient(results)));
        services.AddKeyedSingleton(Patient, new ItemsTable(patient.GetTableClient($"{results}items")));
        // A container's name has lower case only.
        string container = results.ToLowerInvariant();
        services.AddSingleton(new TaskBlobs(StorageAccount.ConnectBlobsInteractive(configuration).GetBlobContainerClient(container)));
        services.AddKeyedSingleton(Patient, new TaskBlobs(StorageAccount.ConnectBlobsPatient(configuration).GetBlobContainerClient(container)));
        services.AddSingleton(TimeProvider.System);
        services.AddMemoryCache();
        services.AddSingleton<TaskCreator>();
        services.AddSingleton<TaskSubmitter>();
        services.AddSingleton<BodyUpload>();
        services.AddSingleton<TaskRunner>();
        services.AddSingleton<TaskFiles>();
        services.AddSingleton<ReconciledTasks>();
        services.AddSingleton<LongPolling>();
        services.AddSingleton<TaskDeletion>();
        TableClient open = storage.GetTableClient($"{results}open");
        services.AddSingleton(new OpenTasks(open));
        services.AddSingleton(provider => new Scans(provider.GetRequiredService<TaskTable>(), open));
        services.AddSingleton<LostFolders>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<WebhookPlaces>();
        services.AddOptions<RetentionSettings>().Configure<IConfiguration>(RetentionSettings.Read).ValidateOnStart();
        services.AddOptions<WebhookSettings>().Configure<IConfiguration>(WebhookSettings.Read).ValidateOnStart();
        services.AddOptions<WaitingSettings>().Configure<IConfiguration>(WaitingSettings.Read).ValidateOnStart();
        services.AddSingleton<TaskResults>();
        services.AddSingleton<Health>();
        services.AddSingleton<OldestPending>();
        services.AddSingleton<TaskHubs>();
        services.AddSingleton<TaskKinds>();
        services.AddSingleton<WorkPlaces>();
        services.AddSingleton<ItemRunner>();
        services.AddSingleton(HostSettings.Read(configuration));
    }

    /// <summary>Registers a kind of task, which then has its batch, retries and upkeep.</summary>
    public static void AddTaskKind<TKind>(this IServiceCollection services)
        where TKind : TaskKind
    {
        services.AddSingleton<TKind>();
        services.AddSingleton<TaskKind>(provider => provider.GetRequiredService<TKind>());
    }

    /// <summary>Checks the kinds of task and creates the tables where there are none; called once, at start.</summary>
    /// <exception cref="StartupException">A setting does not fit, or Table Storage refused or did not answer.</exception>
    public static Task PrepareTasksAsync(this IServiceProvider services)
    {
        services.GetRequiredService<TaskKinds>().Check(services.GetRequiredService<HostSettings>());
        services.GetRequiredService<TaskHubs>();
        return Task.WhenAll(
            services.GetRequiredService<TaskTable>().CreateIfNotExistsAsync(),
            services.GetRequiredService<KeysTable>().CreateIfNotExistsAsync(),
            services.GetRequiredService<ItemsTable>().CreateIfNotExistsAsync(),
            services.GetRequiredService<OpenTasks>().CreateIfNotExistsAsync());
    }

    /// <exception cref="StartupException">Table Storage refused or did not answer.</exception>
    public static async Task CreateAtStartAsync(this TableClient table)
    {
        try
        {
            await table.CreateIfNotExistsAsync();
        }
        catch (Exception e) when (e is AggregateException or Azure.RequestFailedException or Azure.Identity.AuthenticationFailedException)
        {
            string reason = (e.InnerException ?? e).Message.Split('\n', 2)[0].Trim();
            throw new StartupException(
                $"Cannot use Table Storage at {table.Uri.GetLeftPart(UriPartial.Authority)}: {reason} Is it running (locally: npx azurite), and is the setting AzureWebJobsStorage right?", e);
        }
    }
}
