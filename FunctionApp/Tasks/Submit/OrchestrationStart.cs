using System.Diagnostics;
using Azure;
using DurableTask.Core.Exceptions;
using FunctionApp.Tasks.Batches;
using Grpc.Core;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tasks;

/// <summary>Starts orchestrations, each once, whoever else does so at the same time.</summary>
internal static class OrchestrationStart
{
    // What stands in the start message, in the history and in every attempt's event stays small: a larger input is read by the activity.
    private const int LargestInHistory = 2 * 1_024;

    // For rows from before there was this column.
    private const int DefaultMaxAttempts = 25;

    // Statuses of an instance that has not ended. With any other, a new start replaces the instance.
    private static readonly OrchestrationRuntimeStatus[] Running =
        [OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Suspended];

    /// <summary>Starts the orchestration of a row, whose instance ID is the task's ID; more than once is as good as once.</summary>
    /// <param name="etag">The row's, when it was last read or written.</param>
    /// <exception cref="RpcException">It could not be started, and is not there.</exception>
    public static Task StartTaskAsync(this DurableTaskClient client, TaskRow row, ETag etag, CancellationToken cancellationToken)
    {
        var slices = Slices.Of(row);
        var input = new OrchestrationInput(
            row.Activity!,
            row.BodySize is null && row.Input?.ToMemory().Length <= LargestInHistory ? row.Input.ToString() : null,
            TimeSpan.FromMilliseconds(row.TimeLimit!.Value),
            row.MaxAttempts ?? DefaultMaxAttempts,
            (row.Attempt ?? 0) + 1,
            etag.ToString(),
            row.StartAt,
            row.StartBy,
            slices.Items,
            row.WebhookUrl is not null,
            Activity.Current?.Id,
            slices.Size);

        string orchestration = row.Items is null ? nameof(TaskOrchestration) : nameof(BatchOrchestration);
        return client.StartUnlessAsync([.. StartOrchestrationOptionsExtensions.ValidDedupeStatuses], orchestration, row.Id.ToString(), input, cancellationToken);
    }

    /// <summary>Starts an orchestration, again if one of that instance ID has ended, unless there is one that has not.</summary>
    /// <returns>Whether this call has surely started one, which so knows nothing from before.</returns>
    /// <exception cref="RpcException">It could not be started, and none is under way.</exception>
    public static Task<bool> StartUnlessRunningAsync(
        this DurableTaskClient client, string orchestration, string instanceId, object input, CancellationToken cancellationToken) =>
        client.StartUnlessAsync(Running, orchestration, instanceId, input, cancellationToken);

    private static async Task<bool> StartUnlessAsync(
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
            return true;
        }
        catch (OrchestrationAlreadyExistsException)
        {
            // Another caller has started it: the dedupe statuses refuse a second start.
            return false;
        }
        catch (RpcException) when (!cancellationToken.IsCancellationRequested)
        {
            // Of two callers who start one instance at once, the second may get any gRPC error: the instance itself tells.
            OrchestrationMetadata? instance = await client.GetInstanceAsync(instanceId, getInputsAndOutputs: false, cancellationToken);
            if (instance is null || !statuses.Contains(instance.RuntimeStatus))
            {
                throw;
            }

            return false;
        }
    }
}
