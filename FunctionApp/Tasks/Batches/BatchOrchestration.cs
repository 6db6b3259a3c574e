using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace FunctionApp.Tasks.Batches;

/// <summary>Carries a batch to its end: some slices at a time, so that a thousand items make a short history.</summary>
public static class BatchOrchestration
{
    private const int AtATime = 5;

    [Function(nameof(BatchOrchestration))]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        OrchestrationInput input = context.GetInput<OrchestrationInput>()!;
        if (input.StartAt is not { } startAt || !await TaskOrchestration.HasEndedBeforeAsync(startAt, context))
        {
            await RunToEndAsync(input, context);
        }

        if (input.HasWebhook)
        {
            await context.CallActivityAsync(nameof(Webhooks.StartWebhook), context.InstanceId, TaskOrchestration.ForAnHour);
        }
    }

    private static async Task RunToEndAsync(OrchestrationInput input, TaskOrchestrationContext context)
    {
        Queue<int> waiting = new(Enumerable.Range(0, input.Slices.Count));
        List<Task<bool>> running = [];
        bool goesOn = true;
        while ((goesOn && waiting.Count > 0) || running.Count > 0)
        {
            while (goesOn && waiting.Count > 0 && running.Count < AtATime)
            {
                running.Add(RunSliceAsync(waiting.Dequeue(), input, context));
            }

            Task<bool> ended = await Task.WhenAny(running);
            running.Remove(ended);
            goesOn &= await ended;
        }
    }

    /// <summary>One slice until its items have ended; false if the batch has ended.</summary>
    private static async Task<bool> RunSliceAsync(int slice, OrchestrationInput input, TaskOrchestrationContext context)
    {
        var retries = new TaskOrchestration.Retries(input, context);
        while (true)
        {
            try
            {
                var attempt = new SliceAttempt(context.InstanceId, slice, input, retries.Attempt);
                SliceOutcome outcome = await context.CallActivityAsync<SliceOutcome>(nameof(RunSlice), attempt);
                if (outcome != SliceOutcome.GoOn)
                {
                    return outcome == SliceOutcome.SliceEnded;
                }
            }
            catch (TaskFailedException e)
            {
                if (!await retries.MayTryAgainAsync(e))
                {
                    return false;
                }
            }
        }
    }
}
