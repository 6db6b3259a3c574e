using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace FunctionApp.Tasks;

/// <summary>
/// Carries one task of any kind from its row to its end; the instance ID is the task ID. The activity writes that end
/// itself; here is what repeats it when it could not. This code is replayed from its history, so it must be
/// deterministic: https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-code-constraints
/// </summary>
public static class TaskOrchestration
{
    private const int MaxAttempts = 25;

    // Within a task's time limit, no outage fails it.
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(15);

    // An outage at the very end should not leave the row unfinished.
    private static readonly TaskOptions ForAnHour = TaskOptions.FromRetryPolicy(new RetryPolicy(
        maxNumberOfAttempts: 250,
        firstRetryInterval: TimeSpan.FromSeconds(1),
        backoffCoefficient: 2,
        maxRetryInterval: LongestDelay,
        retryTimeout: TimeSpan.FromHours(1)));

    [Function(nameof(TaskOrchestration))]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        TaskStart start = context.GetInput<TaskStart>()!;
        DateTime deadline = context.CurrentUtcDateTime + start.TimeLimit;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await context.CallActivityAsync(
                    start.Activity, new TaskExecution(context.InstanceId, start, new(deadline, TimeSpan.Zero), attempt));
                return;
            }
            catch (TaskFailedException)
            {
                TimeSpan delay = Delay(attempt);
                TaskError? error = context.CurrentUtcDateTime + delay >= deadline ? TaskError.Timeout(start.TimeLimit)
                    : attempt == MaxAttempts ? TaskError.AttemptsExhausted
                    : null;
                if (error is not null)
                {
                    await context.CallActivityAsync(nameof(FailTask), new TaskFailure(context.InstanceId, start.ETag, error), ForAnHour);
                    throw;
                }

                await context.CreateTimer(delay, CancellationToken.None);
            }
        }
    }

    private static TimeSpan Delay(int attempt) =>
        TimeSpan.FromSeconds(Math.Min(Math.Pow(2, attempt - 1), LongestDelay.TotalSeconds));
}
