using DurableTask.Core;
using DurableTask.Core.Entities;
using DurableTask.Core.Query;

namespace DurableLocalHost.Sqlite;

/// <summary>What a client asks about entities. An entity's state is in its instance's input, and its status in the custom status.</summary>
internal sealed class SqliteEntityQueries(SqliteOrchestrationService service) : EntityBackendQueries
{
    private const int PageSize = 100;

    public override async Task<EntityMetadata?> GetEntityAsync(
        EntityId id, bool includeState = false, bool includeStateless = false, CancellationToken cancellation = default) =>
        await service.GetOrchestrationStateAsync(id.ToString(), executionId: null) is { } state ? Describe(state, includeState, includeStateless) : null;

    public override async Task<EntityQueryResult> QueryEntitiesAsync(EntityQuery query, CancellationToken cancellation)
    {
        string prefix = query.InstanceIdStartsWith ?? "";
        OrchestrationQueryResult page = await service.GetOrchestrationWithQueryAsync(
            new OrchestrationQuery
            {
                InstanceIdPrefix = prefix.StartsWith('@') ? prefix : $"@{prefix}",
                // Each turn of an entity is an execution, so this is when it changed last.
                CreatedTimeFrom = query.LastModifiedFrom,
                CreatedTimeTo = query.LastModifiedTo,
                PageSize = query.PageSize ?? PageSize,
                ContinuationToken = query.ContinuationToken,
                FetchInputsAndOutputs = true,
            },
            cancellation);
        return new EntityQueryResult
        {
            Results = [.. page.OrchestrationState.Select(state => Describe(state, query.IncludeState, query.IncludeTransient)).OfType<EntityMetadata>()],
            ContinuationToken = page.ContinuationToken,
        };
    }

    public override async Task<CleanEntityStorageResult> CleanEntityStorageAsync(
        CleanEntityStorageRequest request = default, CancellationToken cancellation = default)
    {
        OrchestrationQueryResult page = await service.GetOrchestrationWithQueryAsync(
            new OrchestrationQuery { InstanceIdPrefix = "@", PageSize = PageSize, ContinuationToken = request.ContinuationToken }, cancellation);
        var result = new CleanEntityStorageResult { ContinuationToken = page.ContinuationToken };
        foreach (OrchestrationState state in page.OrchestrationState)
        {
            EntityStatus? status = ClientEntityHelpers.GetEntityStatus(state.Status);
            if (request.ReleaseOrphanedLocks && status?.LockedBy is { } owner && !await IsRunningAsync(owner))
            {
                await service.SendTaskOrchestrationMessageAsync(
                    ClientEntityHelpers.EmitUnlockForOrphanedLock(state.OrchestrationInstance, owner).AsTaskMessage());
                result.OrphanedLocksReleased++;
            }

            // A message that was sent before its last turn may still be on its way.
            if (request.RemoveEmptyEntities
                && status is { EntityExists: false, LockedBy: null, BacklogQueueSize: 0 }
                && DateTime.UtcNow - state.LastUpdatedTime > service.EntityBackendProperties.EntityMessageReorderWindow)
            {
                result.EmptyEntitiesRemoved += (await service.PurgeInstanceStateAsync(state.OrchestrationInstance.InstanceId)).DeletedInstanceCount;
            }
        }

        return result;
    }

    private static EntityMetadata? Describe(OrchestrationState state, bool withState, bool withDeleted)
    {
        EntityStatus? status = ClientEntityHelpers.GetEntityStatus(state.Status);
        return !withDeleted && status is not { EntityExists: true } ? null : new EntityMetadata
        {
            EntityId = EntityId.FromString(state.OrchestrationInstance.InstanceId),
            LastModifiedTime = state.CreatedTime,
            BacklogQueueSize = status?.BacklogQueueSize ?? 0,
            LockedBy = status?.LockedBy,
            SerializedState = withState ? ClientEntityHelpers.GetEntityState(state.Input) : null,
        };
    }

    private async Task<bool> IsRunningAsync(string instanceId) =>
        await service.GetOrchestrationStateAsync(instanceId, executionId: null)
            is { OrchestrationStatus: OrchestrationStatus.Running or OrchestrationStatus.Suspended };
}
