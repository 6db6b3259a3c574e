using System.Runtime.CompilerServices;
using DurableTask.Core.Exceptions;
using Grpc.Core;
using Microsoft.Data.Sqlite;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Emulator.Durable;

/// <summary>
/// The durable client of a task hub in the same process. While <paramref name="isOutOfReach"/> holds, it behaves as the
/// official client does when the host cannot reach its storage.
/// </summary>
internal sealed class TaskHubClient(TaskHub hub, Func<bool> isOutOfReach) : DurableTaskClient("TaskHub")
{
    private static readonly OrchestrationRuntimeStatus[] Unfinished =
        [OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Suspended];

    public override async Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName,
        object? input = null,
        StartOrchestrationOptions? options = null,
        CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        ArgumentException.ThrowIfNullOrEmpty(orchestratorName.Name, nameof(orchestratorName));
        string id = options?.InstanceId ?? Guid.NewGuid().ToString("N");
        string? serialized = TaskHub.Converter.Serialize(input);
        HashSet<OrchestrationRuntimeStatus> dedupe = ParseDedupeStatuses(options?.DedupeStatuses);
        return await CallAsync(() => hub.AddAsync(id, orchestratorName, serialized, options?.StartAt, dedupe))
            ? id
            : throw new OrchestrationAlreadyExistsException($"An orchestration instance with the ID '{id}' already exists.");
    }

    public override Task<OrchestrationMetadata?> GetInstancesAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
        => CallAsync(() => Task.FromResult(hub.Find(instanceId)?.ToMetadata(getInputsAndOutputs)));

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null)
        => new InstancePages(this, filter ?? new OrchestrationQuery());

    public override Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
        => WaitAsync(instanceId, status => status != OrchestrationRuntimeStatus.Pending, getInputsAndOutputs, cancellation);

    public override Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
        => WaitAsync(instanceId, status => !Unfinished.Contains(status), getInputsAndOutputs, cancellation);

    public override Task TerminateInstanceAsync(
        string instanceId, TerminateInstanceOptions? options = null, CancellationToken cancellation = default)
        => CallAsync(async () =>
        {
            await hub.TerminateAsync(instanceId, TaskHub.Converter.Serialize(options?.Output));
            return true;
        });

    public override async Task<PurgeResult> PurgeInstanceAsync(
        string instanceId, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
        => new(await CallAsync(() => hub.PurgeAsync(instanceId, new PurgeInstancesFilter())));

    public override async Task<PurgeResult> PurgeAllInstancesAsync(
        PurgeInstancesFilter filter, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
        => new(await CallAsync(() => hub.PurgeAsync(null, filter)));

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    // The official client, too, knows a task hub that cannot work only by this exception.
    private async Task<T> CallAsync<T>(Func<Task<T>> call)
    {
        if (isOutOfReach())
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "The task hub's storage does not answer."));
        }

        try
        {
            return await call();
        }
        catch (BacklogFullException e)
        {
            throw new RpcException(new Status(StatusCode.ResourceExhausted, e.Message, e));
        }
        catch (Exception e) when (e is SqliteException or ObjectDisposedException)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, $"The task hub is not available: {e.Message}", e));
        }
    }

    // An unfinished instance is never replaced, as the Functions host has it by default.
    private static HashSet<OrchestrationRuntimeStatus> ParseDedupeStatuses(IReadOnlyList<string>? names) =>
    [
        .. Unfinished,
        .. (names ?? []).Select(name => Enum.TryParse(name, ignoreCase: true, out OrchestrationRuntimeStatus status)
            ? status
            : throw new ArgumentException($"'{name}' is not an orchestration runtime status.")),
    ];

    private async Task<OrchestrationMetadata> WaitAsync(
        string id, Func<OrchestrationRuntimeStatus, bool> isReached, bool inputsAndOutputs, CancellationToken cancellation)
        => (await CallAsync(() => hub.WaitAsync(id, isReached, cancellation))).ToMetadata(inputsAndOutputs);

    private sealed class InstancePages(TaskHubClient client, OrchestrationQuery query) : AsyncPageable<OrchestrationMetadata>
    {
        public override IAsyncEnumerable<Page<OrchestrationMetadata>> AsPages(
            string? continuationToken = null, int? pageSizeHint = null)
            => Pages(
                query with
                {
                    ContinuationToken = continuationToken ?? query.ContinuationToken,
                    PageSize = pageSizeHint ?? query.PageSize,
                });

        private async IAsyncEnumerable<Page<OrchestrationMetadata>> Pages(
            OrchestrationQuery pages, [EnumeratorCancellation] CancellationToken cancellation = default)
        {
            string? next = pages.ContinuationToken;
            do
            {
                cancellation.ThrowIfCancellationRequested();
                long afterKey = next is null ? 0 : long.Parse(next, CultureInfo.InvariantCulture);
                List<InstanceRecord> page = await client.CallAsync(() => Task.FromResult(client.List(pages, afterKey)));
                next = page.Count < pages.PageSize ? null : page[^1].Key.ToString(CultureInfo.InvariantCulture);
                yield return new([.. page.Select(record => record.ToMetadata(pages.FetchInputsAndOutputs))], next);
            }
            while (next is not null);
        }
    }

    private List<InstanceRecord> List(OrchestrationQuery query, long afterKey) => hub.List(query, afterKey);
}
