using DurableTask.Core;
using DurableTask.Core.Query;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace FunctionApp.LocalHost.Sqlite;

/// <summary>Offers the storage provider to the Durable extension, under the type "Sqlite".</summary>
public static class SqliteDurability
{
    /// <summary>The value of <c>extensions.durableTask.storageProvider.type</c> that chooses it.</summary>
    public const string ProviderName = "Sqlite";

    /// <param name="services">The WebJobs host's.</param>
    /// <param name="file">The database's path; it is created if it is not there. One process at a time.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddSqliteDurability(this IServiceCollection services, string file)
    {
        services.AddSingleton<IDurabilityProviderFactory>(provider =>
            new SqliteDurabilityProviderFactory(provider.GetRequiredService<IOptions<DurableTaskOptions>>().Value, file));
        return services;
    }
}

/// <summary>One provider per task hub of the file, which is opened with the first.</summary>
internal sealed class SqliteDurabilityProviderFactory(DurableTaskOptions options, string path) : IDurabilityProviderFactory, IDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, (SqliteDurabilityProvider Provider, SqliteOrchestrationService Service)> hubs = [];
    private SqliteFile? file;

    public string Name => SqliteDurability.ProviderName;

    public DurabilityProvider GetDurabilityProvider() => GetDurabilityProvider(options.HubName);

    public DurabilityProvider GetDurabilityProvider(DurableClientAttribute attribute) =>
        GetDurabilityProvider(string.IsNullOrEmpty(attribute.TaskHub) ? options.HubName : attribute.TaskHub);

    public void SetUseSeparateQueueForEntityWorkItems(bool newValue)
    {
        // There are no entities.
    }

    public void Dispose()
    {
        lock (gate)
        {
            file?.Dispose();
            foreach ((_, SqliteOrchestrationService service) in hubs.Values)
            {
                service.Dispose();
            }
        }
    }

    private SqliteDurabilityProvider GetDurabilityProvider(string hub)
    {
        lock (gate)
        {
            if (!hubs.TryGetValue(hub, out (SqliteDurabilityProvider Provider, SqliteOrchestrationService) entry))
            {
                file ??= new SqliteFile(path);
                // The defaults of the Azure Storage provider.
                int atATime = 10 * Environment.ProcessorCount;
                var service = new SqliteOrchestrationService(
                    file, hub, options.MaxConcurrentOrchestratorFunctions ?? atATime, options.MaxConcurrentActivityFunctions ?? atATime);
                hubs.Add(hub, entry = (new SqliteDurabilityProvider(service), service));
            }

            return entry.Provider;
        }
    }
}

/// <summary>What the extension asks of a provider beyond DurableTask.Core's interfaces, answered as by the Azure Storage provider.</summary>
internal sealed class SqliteDurabilityProvider : DurabilityProvider
{
    private readonly SqliteOrchestrationService service;

    public SqliteDurabilityProvider(SqliteOrchestrationService service)
        : base(SqliteDurability.ProviderName, service, service, "default")
    {
        this.service = service;
        MaximumDelayTime = TimeSpan.MaxValue;
        LongRunningTimerIntervalLength = TimeSpan.MaxValue;
    }

    public override bool CheckStatusBeforeRaiseEvent => true;

    public override async Task<IList<OrchestrationState>> GetOrchestrationStateWithInputsAsync(string instanceId, bool showInput = true)
    {
        IList<OrchestrationState> states = await service.GetOrchestrationStateAsync(instanceId, allExecutions: false);
        return [.. states.Select(state => state.ClearFieldsImmutably(clearInput: !showInput, clearOutput: false))];
    }

    public override async Task<OrchestrationStatusQueryResult> GetOrchestrationStateWithPagination(
        OrchestrationStatusQueryCondition condition, CancellationToken cancellationToken)
    {
        OrchestrationQueryResult page = await service.GetOrchestrationWithQueryAsync(
            new OrchestrationQuery
            {
                RuntimeStatus = condition.RuntimeStatus?.Select(status => (OrchestrationStatus)status).ToList(),
                CreatedTimeFrom = condition.CreatedTimeFrom,
                CreatedTimeTo = condition.CreatedTimeTo == default ? null : condition.CreatedTimeTo,
                TaskHubNames = condition.TaskHubNames?.ToList(),
                InstanceIdPrefix = condition.InstanceIdPrefix,
                PageSize = condition.PageSize,
                ContinuationToken = condition.ContinuationToken,
            },
            cancellationToken);
        return new OrchestrationStatusQueryResult
        {
            DurableOrchestrationState = page.OrchestrationState.Select(state => ToStatus(state, condition.ShowInput)).ToList(),
            ContinuationToken = page.ContinuationToken,
        };
    }

    public override async Task<IList<OrchestrationState>> GetAllOrchestrationStates(CancellationToken cancellationToken) =>
        [.. (await service.GetOrchestrationWithQueryAsync(new OrchestrationQuery { PageSize = int.MaxValue - 1 }, cancellationToken))
            .OrchestrationState];

    public override async Task<PurgeHistoryResult> PurgeInstanceHistoryByInstanceId(string instanceId) =>
        new((await service.PurgeInstanceStateAsync(instanceId)).DeletedInstanceCount);

    public override async Task<int> PurgeHistoryByFilters(
        DateTime createdTimeFrom, DateTime? createdTimeTo, IEnumerable<OrchestrationStatus> runtimeStatus) =>
        (await service.PurgeInstanceStateAsync(new PurgeInstanceFilter(createdTimeFrom, createdTimeTo, runtimeStatus))).DeletedInstanceCount;

    private static DurableOrchestrationStatus ToStatus(OrchestrationState state, bool withInput) => new()
    {
        Name = state.Name,
        InstanceId = state.OrchestrationInstance.InstanceId,
        CreatedTime = state.CreatedTime,
        LastUpdatedTime = state.LastUpdatedTime,
        RuntimeStatus = (OrchestrationRuntimeStatus)state.OrchestrationStatus,
        CustomStatus = ToJson(state.Status),
        Input = ToJson(withInput ? state.Input : null),
        Output = ToJson(state.Output),
    };

    // A failure's output is plain text.
    private static JToken ToJson(string? text)
    {
        try
        {
            return string.IsNullOrEmpty(text) ? JValue.CreateNull() : JToken.Parse(text);
        }
        catch (JsonReaderException)
        {
            return text;
        }
    }
}
