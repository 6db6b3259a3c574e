using DurableTask.Core;
using DurableTask.Core.Exceptions;
using DurableTask.Core.History;
using DurableTask.Core.Query;
using Newtonsoft.Json;

namespace DurableLocalHost.Sqlite;

/// <summary>What the durable client asks for.</summary>
internal sealed partial class SqliteOrchestrationService
    : IOrchestrationServiceClient, IOrchestrationServiceQueryClient, IOrchestrationServicePurgeClient
{
    private const int PurgedAtATime = 500; // so that others need not wait long

    private static readonly TimeSpan MaxWaitPause = TimeSpan.FromMilliseconds(64);
    private static readonly TimeSpan ClientPatience = TimeSpan.FromSeconds(5); // who calls has to be told soon

    public Task CreateTaskOrchestrationAsync(TaskMessage creationMessage) => CreateTaskOrchestrationAsync(creationMessage, null);

    public async Task CreateTaskOrchestrationAsync(TaskMessage creationMessage, OrchestrationStatus[]? dedupeStatuses)
    {
        bool IsKept(OrchestrationStatus status) => dedupeStatuses?.Contains(status) == true;
        var start = new OutgoingMessage(creationMessage);
        if (!await _file.Commits.WriteAsync(ClientPatience, db => Create(db, start, IsKept)))
        {
            throw new OrchestrationAlreadyExistsException(
                $"An orchestration with the ID {creationMessage.OrchestrationInstance.InstanceId} already exists.");
        }
    }

    public Task SendTaskOrchestrationMessageAsync(TaskMessage message)
    {
        var outgoing = new OutgoingMessage(message);
        return _file.Commits.WriteAsync(ClientPatience, db => Send(db, outgoing));
    }

    public Task SendTaskOrchestrationMessageBatchAsync(params TaskMessage[] messages) =>
        Task.WhenAll(messages.Select(SendTaskOrchestrationMessageAsync));

    public Task ForceTerminateTaskOrchestrationAsync(string instanceId, string reason) => SendTaskOrchestrationMessageAsync(new TaskMessage
    {
        OrchestrationInstance = new OrchestrationInstance { InstanceId = instanceId },
        Event = new ExecutionTerminatedEvent(-1, reason),
    });

    /// <exception cref="InvalidOperationException">It has not failed.</exception>
    public async Task RewindAsync(string instanceId, string? reason)
    {
        bool isRewound = await _file.Commits.WriteAsync(ClientPatience, db =>
        {
            List<Action?> sent = Rewinding.Run(db, _hub, instanceId).ConvertAll(id => Send(db, new OutgoingMessage(new TaskMessage
            {
                OrchestrationInstance = new OrchestrationInstance { InstanceId = id },
                Event = new GenericEvent(-1, reason ?? ""),
            })));
            return sent.Count == 0 ? null : () => sent.ForEach(action => action?.Invoke());
        });
        if (!isRewound)
        {
            throw new InvalidOperationException($"The instance {instanceId} has not failed, so it cannot be rewound.");
        }
    }

    public async Task<OrchestrationState?> WaitForOrchestrationAsync(
        string instanceId, string? executionId, TimeSpan timeout, CancellationToken cancellationToken)
    {
        // Most of those that somebody waits for end within some milliseconds.
        var pause = TimeSpan.FromMilliseconds(1);
        long start = Environment.TickCount64;
        while (FindStatus(instanceId)?.HasEnded() != true)
        {
            if (timeout != Timeout.InfiniteTimeSpan && Environment.TickCount64 - start >= timeout.TotalMilliseconds)
            {
                return null;
            }

            await Task.Delay(pause, cancellationToken);
            pause = pause < MaxWaitPause ? pause * 2 : pause;
        }

        return Find(instanceId);
    }

    public Task<IList<OrchestrationState>> GetOrchestrationStateAsync(string instanceId, bool allExecutions) =>
        Task.FromResult<IList<OrchestrationState>>(Find(instanceId) is OrchestrationState state ? [state] : []);

    // There is one execution of an instance at a time, and it answers for all.
    public Task<OrchestrationState?> GetOrchestrationStateAsync(string instanceId, string? executionId) =>
        Task.FromResult(Find(instanceId));

    public Task<string> GetOrchestrationHistoryAsync(string instanceId, string? executionId) => Task.FromResult(_file.Read(db =>
        JsonConvert.SerializeObject(Instances.Find(db, _hub, instanceId) is { } instance ? Histories.Read(db, instance.Key).Events : [])));

    public Task<OrchestrationQueryResult> GetOrchestrationWithQueryAsync(OrchestrationQuery query, CancellationToken cancellationToken)
    {
        bool isElsewhere = query.TaskHubNames is { Count: > 0 } hubs && !hubs.Contains(_hub);
        int size = isElsewhere ? 0 : query.PageSize > 0 ? query.PageSize : 100;
        // Outputs are shown in any case, as with the Azure Storage provider.
        List<OrchestrationState> page = _file.Read(db => Instances.List(db, _hub, query, size)).ConvertAll(
            state => state.ClearFieldsImmutably(clearInput: !query.FetchInputsAndOutputs, clearOutput: false));
        return Task.FromResult(new OrchestrationQueryResult(
            page, size > 0 && page.Count == size ? page[^1].OrchestrationInstance.InstanceId : null));
    }

    public Task PurgeOrchestrationHistoryAsync(DateTime thresholdDateTimeUtc, OrchestrationStateTimeRangeFilterType timeRangeFilterType) =>
        throw new NotSupportedException("Purge by ID, or by time of creation and status.");

    // Whatever its status, as with the Azure Storage provider; the durable client asks before.
    public async Task<PurgeResult> PurgeInstanceStateAsync(string instanceId) =>
        new(await PurgeAsync(_file.Read(db => Instances.Find(db, _hub, instanceId)) is { } instance ? [(instance.Key, instanceId)] : []));

    // Of the statuses only those of an end count. If there are none, all instances go, as with the Azure Storage provider.
    public async Task<PurgeResult> PurgeInstanceStateAsync(PurgeInstanceFilter purgeInstanceFilter)
    {
        var query = new OrchestrationQuery
        {
            CreatedTimeFrom = purgeInstanceFilter.CreatedTimeFrom,
            CreatedTimeTo = purgeInstanceFilter.CreatedTimeTo,
            RuntimeStatus = purgeInstanceFilter.RuntimeStatus?.Where(Instances.HasEnded).ToList(),
        };
        int count = 0;
        foreach ((long, string)[] some in _file.Read(db => Instances.ListKeys(db, _hub, query)).Chunk(PurgedAtATime))
        {
            count += await PurgeAsync(some);
        }

        return new PurgeResult(count, purgeInstanceFilter.Timeout == null ? null : true);
    }

    private async Task<int> PurgeAsync((long Key, string Id)[] some)
    {
        await _file.Commits.WriteAsync(ClientPatience, db =>
        {
            Array.ForEach(some, instance => Instances.Delete(db, instance.Key));
            return () => Array.ForEach(some, instance => _queues.Remove(instance.Key, instance.Id));
        });
        return some.Length;
    }

    // What runs is in memory.
    private OrchestrationState? Find(string id) => _queues.FindState(id) ?? _file.Read(db => Instances.ReadState(db, _hub, id));

    private OrchestrationStatus? FindStatus(string id) =>
        _queues.FindStatus(id) ?? _file.Read(db => Instances.Find(db, _hub, id))?.Status;
}
