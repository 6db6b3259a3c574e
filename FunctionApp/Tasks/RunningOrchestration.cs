using Grpc.Core;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tasks;

/// <summary>
/// Calls that an orchestration hears only while it runs. That it has just ended, or is not there, is no failure of the call: there is nobody who
/// could wait for it.
/// </summary>
internal static class RunningOrchestration
{
    /// <returns>False if it does not run.</returns>
    /// <exception cref="RpcException">The host did not answer.</exception>
    public static Task<bool> RaiseIfRunningAsync(this DurableTaskClient client, string instanceId, string eventName, CancellationToken cancellationToken) =>
        TryAsync(client.RaiseEventAsync(instanceId, eventName, cancellation: cancellationToken));

    /// <returns>False if it does not run.</returns>
    /// <exception cref="RpcException">The host did not answer.</exception>
    public static Task<bool> TerminateIfRunningAsync(this DurableTaskClient client, string instanceId, CancellationToken cancellationToken) =>
        TryAsync(client.TerminateInstanceAsync(instanceId, cancellation: cancellationToken));

    private static async Task<bool> TryAsync(Task call)
    {
        try
        {
            await call;
            return true;
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.FailedPrecondition or StatusCode.NotFound)
        {
            return false;
        }
    }
}
