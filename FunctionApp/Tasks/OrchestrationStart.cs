using DurableTask.Core.Exceptions;
using Grpc.Core;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tasks;

internal static class OrchestrationStart
{
    /// <summary>Starts an orchestration, unless there is one of that instance ID, whatever its status.</summary>
    /// <exception cref="RpcException">It could not be started, and is not there.</exception>
    public static async Task StartOnceAsync(
        this DurableTaskClient client, string orchestration, string instanceId, object input, CancellationToken cancellationToken)
    {
        // Without these statuses, an ended instance would be started anew.
        StartOrchestrationOptions options = new StartOrchestrationOptions(InstanceId: instanceId)
            .WithDedupeStatuses([.. StartOrchestrationOptionsExtensions.ValidDedupeStatuses]);
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
            if (await client.GetInstanceAsync(instanceId, getInputsAndOutputs: false, cancellationToken) is null)
            {
                throw;
            }
        }
    }
}
