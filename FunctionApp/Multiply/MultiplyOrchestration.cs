using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace FunctionApp.Multiply;

/// <summary>
/// Carries one task from submission to its result row; the instance ID is the task ID. This code is replayed from its
/// history, so it must be deterministic: https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-code-constraints
/// </summary>
public static class MultiplyOrchestration
{
    // Over some 6 minutes: within its time limit, no outage of storage fails a task.
    private static readonly TaskOptions RetryUnlessPermanent = TaskOptions.FromRetryPolicy(new RetryPolicy(
        maxNumberOfAttempts: 25,
        firstRetryInterval: TimeSpan.FromSeconds(1),
        backoffCoefficient: 2,
        maxRetryInterval: TimeSpan.FromSeconds(15))
    {
        HandleFailure = failure => !failure.IsCausedBy<OverflowException>(),
    });

    /// <exception cref="MultiplicationFailedException">The instance fails with this, whatever the cause.</exception>
    [Function(nameof(MultiplyOrchestration))]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        Multiplication task = context.GetInput<Multiplication>()!;

        using var finished = new CancellationTokenSource();
        Task deadline = context.CreateTimer(task.Timeout, finished.Token);
        Task multiply = context.CallActivityAsync(
            nameof(SlowMultiply), new SlowMultiplyInput(context.InstanceId, task.X, task.Y), RetryUnlessPermanent);

        if (await Task.WhenAny(multiply, deadline) == deadline)
        {
            throw new MultiplicationFailedException($"The task did not finish within its time limit of {task.Timeout}.");
        }

        finished.Cancel();
        try
        {
            await multiply;
        }
        catch (TaskFailedException e) when (e.FailureDetails.IsCausedBy<OverflowException>())
        {
            throw new MultiplicationFailedException("The product is too large for an IEEE 754 double, or not a number.");
        }
        catch (TaskFailedException)
        {
            throw new MultiplicationFailedException("The task was tried several times, but failed each time.");
        }
    }
}
