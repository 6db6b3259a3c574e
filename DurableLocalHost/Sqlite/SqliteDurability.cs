using DurableTask.Core;
using DurableTask.Core.Query;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Microsoft.Extensions.Options;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace DurableLocalHost.Sqlite;

/// <summary>The storage provider "Sqlite", for <c>extensions.durableTask.storageProvider.type</c> in host.json.</summary>
public static class SqliteDurability
{
    /// <param name="services">The WebJobs host's.</param>
    /// <param name="file">The database's path; it is created if it is not there. One process may use it at a time.</param>
    /// <param name="nameHub">Makes of a task hub's name in host.json the name of one that is in this file alone.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddSqliteDurability(this IServiceCollection services, string file, Func<string, string> nameHub) => services
        .PostConfigure<DurableTaskOptions>(options =>
        {
            if (options.StorageProvider.TryGetValue("type", out object? type) && type is SqliteDurabilityProviderFactory.TypeName)
            {
                options.StorageProvider[SqliteDurabilityProviderFactory.FormerHubName] = options.HubName;
                options.HubName = nameHub(options.HubName);
            }
        })
        .AddSingleton<IDurabilityProviderFactory>(provider =>
            new SqliteDurabilityProviderFactory(provider.GetRequiredService<IOptions<DurableTaskOptions>>().Value, file));
}

/// <summary>One provider per task hub of the file, which is opened with the first.</summary>
internal sealed class SqliteDurabilityProviderFactory(DurableTaskOptions options, string path) : IDurabilityProviderFactory, IDisposable
{
    /// <summary>What <c>storageProvider.type</c> calls it.</summary>
    public const string TypeName = "Sqlite";

    /// <summary>The hub's name in files from a time when it was the one in host.json; among the options of the provider.</summary>
    public const string FormerHubName = "formerHubName";

    private readonly Dictionary<string, SqliteDurabilityProvider> _hubs = [];
    private SqliteFile? _file;

    public string Name => TypeName;

    public DurabilityProvider GetDurabilityProvider() => GetDurabilityProvider(options.HubName);

    public DurabilityProvider GetDurabilityProvider(DurableClientAttribute attribute) =>
        GetDurabilityProvider(string.IsNullOrEmpty(attribute.TaskHub) ? options.HubName : attribute.TaskHub);

    public void SetUseSeparateQueueForEntityWorkItems(bool newValue)
    {
        // The queues are separate in any case, which is what apps for .NET isolated have.
    }

    public void Dispose() => _file?.Dispose();

    private SqliteFile Open()
    {
        var file = new SqliteFile(path);
        file.Commits.WriteAsync(TimeSpan.Zero, db => Instances.Move(db, (string)options.StorageProvider[FormerHubName], options.HubName))
            .GetAwaiter().GetResult();
        return file;
    }

    private SqliteDurabilityProvider GetDurabilityProvider(string hub)
    {
        lock (_hubs)
        {
            if (!_hubs.TryGetValue(hub, out SqliteDurabilityProvider? provider))
            {
                _file ??= Open();
                // Turns compute: more at once would not make them quicker, but let requests wait.
                int turns = Math.Min(2 * Environment.ProcessorCount, options.MaxConcurrentOrchestratorFunctions ?? int.MaxValue);
                int activities = options.MaxConcurrentActivityFunctions ?? (10 * Environment.ProcessorCount); // as the Azure Storage provider has it
                _hubs.Add(hub, provider = new SqliteDurabilityProvider(new SqliteOrchestrationService(_file, hub, turns, activities)));
            }

            return provider;
        }
    }
}

/// <summary>What the extension asks beyond DurableTask.Core's interfaces, answered as by the Azure Storage provider.</summary>
internal sealed class SqliteDurabilityProvider(SqliteOrchestrationService service)
    : DurabilityProvider("Sqlite", service, service, "default")
{
    public override bool CheckStatusBeforeRaiseEvent => true;

    public override void SetUseSeparateQueueForEntityWorkItems(bool newValue)
    {
        // As above.
    }

    public override async Task<IList<OrchestrationState>> GetOrchestrationStateWithInputsAsync(string instanceId, bool showInput = true) =>
        [.. (await service.GetOrchestrationStateAsync(instanceId, allExecutions: false))
            .Select(state => state.ClearFieldsImmutably(clearInput: !showInput, clearOutput: false))];

    public override async Task<OrchestrationStatusQueryResult> GetOrchestrationStateWithPagination(
        OrchestrationStatusQueryCondition condition, CancellationToken cancellationToken)
    {
        var query = new OrchestrationQuery
        {
            RuntimeStatus = condition.RuntimeStatus?.Select(status => (OrchestrationStatus)status).ToList(),
            CreatedTimeFrom = condition.CreatedTimeFrom,
            CreatedTimeTo = condition.CreatedTimeTo == default ? null : condition.CreatedTimeTo,
            TaskHubNames = condition.TaskHubNames?.ToList(),
            InstanceIdPrefix = condition.InstanceIdPrefix,
            PageSize = condition.PageSize,
            ContinuationToken = condition.ContinuationToken,
        };
        OrchestrationQueryResult page = await service.GetOrchestrationWithQueryAsync(query, cancellationToken);
        return new OrchestrationStatusQueryResult
        {
            ContinuationToken = page.ContinuationToken,
            DurableOrchestrationState = page.OrchestrationState.Select(state => new DurableOrchestrationStatus
            {
                Name = state.Name,
                InstanceId = state.OrchestrationInstance.InstanceId,
                CreatedTime = state.CreatedTime,
                LastUpdatedTime = state.LastUpdatedTime,
                RuntimeStatus = (OrchestrationRuntimeStatus)state.OrchestrationStatus,
                CustomStatus = ToJson(state.Status),
                Input = ToJson(condition.ShowInput ? state.Input : null),
                Output = ToJson(state.Output),
            }).ToList(),
        };
    }

    public override async Task<PurgeHistoryResult> PurgeInstanceHistoryByInstanceId(string instanceId) =>
        new((await service.PurgeInstanceStateAsync(instanceId)).DeletedInstanceCount);

    public override async Task<int> PurgeHistoryByFilters(
        DateTime createdTimeFrom, DateTime? createdTimeTo, IEnumerable<OrchestrationStatus> runtimeStatus)
    {
        var filter = new PurgeInstanceFilter(createdTimeFrom, createdTimeTo, runtimeStatus);
        return (await service.PurgeInstanceStateAsync(filter)).DeletedInstanceCount;
    }

    public override Task RewindAsync(string instanceId, string reason) => service.RewindAsync(instanceId, reason);

    private static JToken ToJson(string? text)
    {
        try
        {
            return string.IsNullOrEmpty(text) ? JValue.CreateNull() : JToken.Parse(text);
        }
        catch (JsonReaderException)
        {
            return text; // a failure's output is no JSON
        }
    }
}
