using DurableTask.Core.Exceptions;
using Grpc.Core;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tasks;

internal static class OrchestrationStart
{
    // An instance with any other status has ended, and would be started anew.
    private static readonly OrchestrationRuntimeStatus[] Running =
        [OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Suspended];

    /// <summary>Starts an orchestration, unless there is one of that instance ID, whatever its status.</summary>
    /// <exception cref="RpcException">It could not be started, and is not there.</exception>
    public static Task StartOnceAsync(
        this DurableTaskClient client, string orchestration, string instanceId, object input, CancellationToken cancellationToken) =>
        client.StartUnlessAsync([.. StartOrchestrationOptionsExtensions.ValidDedupeStatuses], orchestration, instanceId, input, cancellationToken);

    /// <summary>Starts an orchestration, again if one of that instance ID has ended, unless there is one that has not.</summary>
    /// <exception cref="RpcException">It could not be started, and none is under way.</exception>
    public static Task StartUnlessRunningAsync(
        this DurableTaskClient client, string orchestration, string instanceId, object input, CancellationToken cancellationToken) =>
        client.StartUnlessAsync(Running, orchestration, instanceId, input, cancellationToken);

    private static async Task StartUnlessAsync(
        this DurableTaskClient client,
        OrchestrationRuntimeStatus[] statuses,
        string orchestration,
        string instanceId,
        object input,
        CancellationToken cancellationToken)
    {
        StartOrchestrationOptions options = new StartOrchestrationOptions(InstanceId: instanceId).WithDedupeStatuses(statuses);
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(orchestration, input, options, cancellationToken);
        }
        catch (OrchestrationAlreadyExistsException)
        {
            // Somebody else has started it.
        }
        catch (RpcException) when (!cancellationToken.IsCancellationRequested)
        {
            // Of two who start it at once, one may get any error.
            OrchestrationMetadata? instance = await client.GetInstanceAsync(instanceId, getInputsAndOutputs: false, cancellationToken);
            if (instance is null || !statuses.Contains(instance.RuntimeStatus))
            {
                throw;
            }
        }
    }
}
