using DurableTask.Core;
using DurableTask.Core.Exceptions;
using DurableTask.Core.History;
using DurableTask.Core.Query;
using Newtonsoft.Json;

namespace FunctionApp.LocalHost.Sqlite;

/// <summary>What the durable client asks for.</summary>
internal sealed partial class SqliteOrchestrationService
    : IOrchestrationServiceClient, IOrchestrationServiceQueryClient, IOrchestrationServicePurgeClient
{
    // Purged in one transaction, so that others need not wait long.
    private const int PurgeSlice = 500;

    // Whoever calls has to be told within a few seconds.
    private static readonly TimeSpan ClientPatience = TimeSpan.FromSeconds(5);

    public Task CreateTaskOrchestrationAsync(TaskMessage creationMessage) => CreateTaskOrchestrationAsync(creationMessage, null);

    public async Task CreateTaskOrchestrationAsync(TaskMessage creationMessage, OrchestrationStatus[]? dedupeStatuses)
    {
        string text = HistoryJson.Write(creationMessage.Event);
        OrchestrationStatus? duplicate = null;
        await file.Commits.WriteAsync(db => Create(db, creationMessage, text, dedupeStatuses, out duplicate), ClientPatience);
        if (duplicate != null)
        {
            throw new OrchestrationAlreadyExistsException($"An orchestration instance with the status {duplicate} already exists.");
        }
    }

    public Task SendTaskOrchestrationMessageAsync(TaskMessage message) => SendTaskOrchestrationMessageBatchAsync(message);

    public Task SendTaskOrchestrationMessageBatchAsync(params TaskMessage[] messages)
    {
        string[] texts = [.. messages.Select(message => HistoryJson.Write(message.Event))];
        return file.Commits.WriteAsync(
            db =>
            {
                List<Action?> actions = [.. messages.Zip(texts, (message, text) => Insert(db, message, text))];
                return () => actions.ForEach(action => action?.Invoke());
            },
            ClientPatience);
    }

    public Task ForceTerminateTaskOrchestrationAsync(string instanceId, string reason) => SendTaskOrchestrationMessageAsync(new TaskMessage
    {
        OrchestrationInstance = new OrchestrationInstance { InstanceId = instanceId },
        Event = new ExecutionTerminatedEvent(-1, reason),
    });

    public async Task<OrchestrationState?> WaitForOrchestrationAsync(
        string instanceId, string executionId, TimeSpan timeout, CancellationToken cancellationToken)
    {
        TaskCompletionSource<OrchestrationState> end = queues.Wait(instanceId);
        try
        {
            return Find(instanceId) is OrchestrationState state && state.HasEnded()
                ? state
                : await end.Task.WaitAsync(timeout, cancellationToken);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            queues.StopWaiting(instanceId, end);
        }
    }

    public Task<IList<OrchestrationState>> GetOrchestrationStateAsync(string instanceId, bool allExecutions) =>
        Task.FromResult<IList<OrchestrationState>>(Find(instanceId) is OrchestrationState state ? [state] : []);

    // There is one execution of an instance at a time, and it answers for all.
    public Task<OrchestrationState?> GetOrchestrationStateAsync(string instanceId, string? executionId) =>
        Task.FromResult(Find(instanceId));

    public Task<string> GetOrchestrationHistoryAsync(string instanceId, string? executionId) => Task.FromResult(file.Read(db =>
        JsonConvert.SerializeObject(
            Instances.Find(db, hub, instanceId) is (long key, _) ? Messages.ReadHistory(db, key).Events : [])));

    public Task<OrchestrationQueryResult> GetOrchestrationWithQueryAsync(OrchestrationQuery query, CancellationToken cancellationToken)
    {
        if (query.TaskHubNames is { Count: > 0 } hubs && !hubs.Contains(hub))
        {
            return Task.FromResult(new OrchestrationQueryResult([], null));
        }

        var filter = new InstanceFilter
        {
            Statuses = query.RuntimeStatus is { Count: > 0 } ? query.RuntimeStatus : null,
            CreatedFrom = query.CreatedTimeFrom,
            CreatedTo = query.CreatedTimeTo,
            IdPrefix = query.InstanceIdPrefix,
            WithoutEntities = query.ExcludeEntities,
            WithInputAndOutput = query.FetchInputsAndOutputs,
        };
        int size = query.PageSize > 0 ? query.PageSize : 100;
        List<OrchestrationState> page = file.Read(db => Instances.List(db, hub, filter, query.ContinuationToken ?? "", size + 1))
            .ConvertAll(row => row.State);
        bool hasMore = page.Count > size;
        return Task.FromResult(new OrchestrationQueryResult(
            hasMore ? page[..size] : page, hasMore ? page[size - 1].OrchestrationInstance.InstanceId : null));
    }

    public Task PurgeOrchestrationHistoryAsync(DateTime thresholdDateTimeUtc, OrchestrationStateTimeRangeFilterType timeRangeFilterType) =>
        throw new NotSupportedException("Purge by ID, or by the time of creation.");

    // Whatever its status, as with the Azure Storage provider; the durable client asks first.
    public async Task<PurgeResult> PurgeInstanceStateAsync(string instanceId)
    {
        int count = 0;
        await file.Commits.WriteAsync(
            db =>
            {
                (long Key, OrchestrationStatus Status)? instance = Instances.Find(db, hub, instanceId);
                count = instance == null ? 0 : 1;
                return instance == null ? null : Purge(db, instance.Value.Key, instanceId);
            },
            ClientPatience);
        return new PurgeResult(count);
    }

    // Without a status that is an end, the Azure Storage provider purges instances of every status; so does this.
    public Task<PurgeResult> PurgeInstanceStateAsync(PurgeInstanceFilter purgeInstanceFilter)
    {
        OrchestrationStatus[] statuses = [.. (purgeInstanceFilter.RuntimeStatus ?? []).Where(status => status is
            OrchestrationStatus.Completed or OrchestrationStatus.Terminated or OrchestrationStatus.Canceled or OrchestrationStatus.Failed)];
        var filter = new InstanceFilter
        {
            Statuses = statuses.Length == 0 ? null : statuses,
            CreatedFrom = purgeInstanceFilter.CreatedTimeFrom,
            CreatedTo = purgeInstanceFilter.CreatedTimeTo,
        };
        return PurgeAsync(filter, purgeInstanceFilter.Timeout);
    }

    private async Task<PurgeResult> PurgeAsync(InstanceFilter filter, TimeSpan? timeout)
    {
        long start = Environment.TickCount64;
        int count = 0;
        string after = "";
        while (timeout == null || Environment.TickCount64 - start < timeout.Value.TotalMilliseconds)
        {
            List<(long Key, OrchestrationState State)> slice = file.Read(db => Instances.List(db, hub, filter, after, PurgeSlice));
            if (slice.Count == 0)
            {
                return new PurgeResult(count, timeout == null ? null : true);
            }

            await file.Commits.WriteAsync(
                db =>
                {
                    List<Action> actions = slice.ConvertAll(row => Purge(db, row.Key, row.State.OrchestrationInstance.InstanceId));
                    return () => actions.ForEach(action => action());
                },
                ClientPatience);
            count += slice.Count;
            after = slice[^1].State.OrchestrationInstance.InstanceId;
        }

        return new PurgeResult(count, false);
    }

    private Action Purge(Statements db, long key, string id)
    {
        Instances.Delete(db, key);
        return () => DeleteLater(queues.Purge(id, key));
    }

    // Running ones are in memory. What is not may have ended, or may have never been.
    private OrchestrationState? Find(string id) => queues.Find(id) ?? file.Read(db => Instances.Get(db, hub, id));
}
