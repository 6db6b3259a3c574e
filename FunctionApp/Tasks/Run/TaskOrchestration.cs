using FunctionApp.Tasks.Webhooks;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace FunctionApp.Tasks;

/// <summary>
/// Carries one task of any kind from its row to its end; the instance ID is the task ID. The activity writes that end
/// itself, and returns only when the row has one; here is what repeats it when it could not. This code is replayed from its
/// history, so it must be deterministic:
/// https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-code-constraints
/// </summary>
public static class TaskOrchestration
{
    /// <summary>The event that tells a task which waits for its start that it was canceled, or has another start.</summary>
    public const string ChangedEvent = "changed";

    // An outage of storage at the very end of a task must not leave its row unfinished.
    internal static readonly TaskOptions ForAnHour = TaskOptions.FromRetryPolicy(new RetryPolicy(
        maxNumberOfAttempts: 250,
        firstRetryInterval: TimeSpan.FromSeconds(1),
        backoffCoefficient: 2,
        maxRetryInterval: TimeSpan.FromSeconds(15),
        retryTimeout: TimeSpan.FromHours(1)));

    [Function(nameof(TaskOrchestration))]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        OrchestrationInput input = context.GetInput<OrchestrationInput>()!;
        TaskFailedException? failure = input.StartAt is { } startAt && await HasEndedBeforeAsync(startAt, context)
            ? null
            : await RunToEndAsync(input, context);
        if (input.HasWebhook)
        {
            await context.CallActivityAsync(nameof(StartWebhook), context.InstanceId, ForAnHour);
        }

        if (failure is not null)
        {
            // The orchestration fails too, so that its status in the task hub shows why.
            throw failure;
        }
    }

    /// <summary>Waits until the task may start; true if it has ended before, because somebody canceled it.</summary>
    internal static async Task<bool> HasEndedBeforeAsync(DateTimeOffset startAt, TaskOrchestrationContext context)
    {
        using var waiting = new CancellationTokenSource();
        Task changed = context.WaitForExternalEvent<object?>(ChangedEvent, waiting.Token);

        // A durable timer may fire a moment early, by another instance's clock.
        while (context.CurrentUtcDateTime < startAt)
        {
            using var timing = new CancellationTokenSource();
            if (await Task.WhenAny(changed, context.CreateTimer(startAt.UtcDateTime, timing.Token)) == changed)
            {
                // Anybody can send an event, so it proves nothing: the row says whether the task was canceled or moved.
                timing.Cancel();
                if (await context.CallActivityAsync<DateTimeOffset?>(nameof(ReadStart), context.InstanceId, ForAnHour) is not { } start)
                {
                    waiting.Cancel();
                    return true;
                }

                startAt = start;
                changed = context.WaitForExternalEvent<object?>(ChangedEvent, waiting.Token);
            }
        }

        waiting.Cancel();
        return false;
    }

    /// <summary>Runs the activity until the row has an end; the last failure, if that is the cause.</summary>
    private static async Task<TaskFailedException?> RunToEndAsync(OrchestrationInput input, TaskOrchestrationContext context)
    {
        var retries = new Retries(input, context);
        while (true)
        {
            try
            {
                await context.CallActivityAsync(input.Activity, new TaskAttempt(context.InstanceId, input, retries.Attempt));
                return null;
            }
            catch (TaskFailedException e)
            {
                if (!await retries.MayTryAgainAsync(e))
                {
                    return e;
                }
            }
        }
    }

    /// <summary>Counts the attempts of a task, or of a slice of a batch, and pauses between them.</summary>
    internal sealed class Retries(OrchestrationInput input, TaskOrchestrationContext context)
    {
        private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

        private int _failuresInARow;

        /// <summary>The number of the attempt that comes next.</summary>
        public int Attempt { get; private set; } = input.FirstAttempt;

        /// <summary>After an activity that failed: pauses, or fails the task and returns false.</summary>
        public async Task<bool> MayTryAgainAsync(TaskFailedException failure)
        {
            bool counts = failure.FailureDetails.ErrorType != typeof(AttemptPostponedException).FullName;
            if (counts && Attempt >= input.MaxAttempts)
            {
                await context.CallActivityAsync(nameof(FailTask), context.InstanceId, ForAnHour);
                return false;
            }

            Attempt += counts ? 1 : 0;
            double seconds = Math.Min(Math.Pow(2, _failuresInARow++), LongestPause.TotalSeconds);
            await context.CreateTimer(TimeSpan.FromSeconds(seconds), CancellationToken.None);
            return true;
        }
    }
}
