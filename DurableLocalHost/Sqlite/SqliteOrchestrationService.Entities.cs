using DurableTask.Core;
using DurableTask.Core.Entities;

namespace DurableLocalHost.Sqlite;

/// <summary>Entities: instances whose IDs begin with an at sign, with turns of their own kind. They are made by the first message to them.</summary>
internal sealed partial class SqliteOrchestrationService : IEntityOrchestrationService
{
    /// <summary>The values are the Azure Storage provider's; a signal may be put off for as long as .NET's timers go, in pieces.</summary>
    public EntityBackendProperties EntityBackendProperties { get; } = new()
    {
        EntityMessageReorderWindow = TimeSpan.FromMinutes(30),
        MaxEntityOperationBatchSize = 50,
        MaxConcurrentTaskEntityWorkItems = 2 * Environment.ProcessorCount,
        SupportsImplicitEntityDeletion = false,
        MaximumSignalDelayTime = TimeSpan.FromDays(6),
        UseSeparateQueueForEntityWorkItems = true,
    };

    public EntityBackendQueries EntityBackendQueries => new SqliteEntityQueries(this);

    public Task<TaskOrchestrationWorkItem> LockNextOrchestrationWorkItemAsync(TimeSpan receiveTimeout, CancellationToken cancellationToken) =>
        LockNextTaskOrchestrationWorkItemAsync(receiveTimeout, cancellationToken);

    public Task<TaskOrchestrationWorkItem> LockNextEntityWorkItemAsync(TimeSpan receiveTimeout, CancellationToken cancellationToken) =>
        BeginAsync(_queues.NextEntityAsync, cancellationToken);
}
