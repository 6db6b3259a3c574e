using FunctionApp.Tasks.Webhooks;
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
    /// <summary>The event that tells a task which waits for its start that it was canceled.</summary>
    public const string CanceledEvent = "canceled";

    internal const int MaxAttempts = 25;

    // Within a task's time limit, no outage fails it.
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(15);

    // An outage at the very end should not leave the row unfinished.
    internal static readonly TaskOptions ForAnHour = TaskOptions.FromRetryPolicy(new RetryPolicy(
        maxNumberOfAttempts: 250,
        firstRetryInterval: TimeSpan.FromSeconds(1),
        backoffCoefficient: 2,
        maxRetryInterval: LongestDelay,
        retryTimeout: TimeSpan.FromHours(1)));

    [Function(nameof(TaskOrchestration))]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        TaskStart start = context.GetInput<TaskStart>()!;
        if (start.StartAt is { } startAt && await WasCanceledBeforeAsync(startAt, context))
        {
            return;
        }

        TaskFailedException? failure = await EndAsync(start, context);
        if (start.HasWebhook)
        {
            await context.CallActivityAsync(nameof(StartWebhook), context.InstanceId, ForAnHour);
        }

        if (failure is not null)
        {
            // So that whoever looks at the task hub sees why.
            throw failure;
        }
    }

    /// <summary>Waits; true if the task was canceled meanwhile, whose row says so.</summary>
    internal static async Task<bool> WasCanceledBeforeAsync(DateTimeOffset startAt, TaskOrchestrationContext context)
    {
        using var waiting = new CancellationTokenSource();
        Task canceled = context.WaitForExternalEvent<object?>(CanceledEvent, waiting.Token);
        Task started = Task.CompletedTask;

        // A timer may fire a moment early.
        while (context.CurrentUtcDateTime < startAt && !canceled.IsCompleted)
        {
            started = context.CreateTimer(startAt.UtcDateTime, waiting.Token);
            await Task.WhenAny(canceled, started);
        }

        waiting.Cancel();
        return canceled.IsCompletedSuccessfully && !started.IsCompleted;
    }

    /// <summary>Runs the activity until the row has an end; the last failure, if that is the cause.</summary>
    private static async Task<TaskFailedException?> EndAsync(TaskStart start, TaskOrchestrationContext context)
    {
        var deadline = new DateTimeOffset(context.CurrentUtcDateTime + start.TimeLimit, TimeSpan.Zero);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await context.CallActivityAsync(start.Activity, new TaskExecution(context.InstanceId, start, deadline, attempt));
                return null;
            }
            catch (TaskFailedException e)
            {
                if (!await MayTryAgainAsync(attempt, deadline, start, context))
                {
                    return e;
                }
            }
        }
    }

    /// <summary>After an attempt that failed: pauses; or fails the task, and returns false.</summary>
    internal static async Task<bool> MayTryAgainAsync(int attempt, DateTimeOffset deadline, TaskStart start, TaskOrchestrationContext context)
    {
        var pause = TimeSpan.FromSeconds(Math.Min(Math.Pow(2, attempt - 1), LongestDelay.TotalSeconds));
        TaskError? error = context.CurrentUtcDateTime + pause >= deadline ? TaskError.Timeout(start.TimeLimit)
            : attempt == MaxAttempts ? TaskError.AttemptsExhausted
            : null;
        if (error is not null)
        {
            await context.CallActivityAsync(nameof(FailTask), new TaskFailure(context.InstanceId, start.ETag, error), ForAnHour);
            return false;
        }

        await context.CreateTimer(pause, CancellationToken.None);
        return true;
    }
}
