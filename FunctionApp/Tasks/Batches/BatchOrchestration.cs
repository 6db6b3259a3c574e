using FunctionApp.Tasks.Webhooks;
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
        TaskStart start = context.GetInput<TaskStart>()!;
        if (start.StartAt is { } startAt && await TaskOrchestration.WasCanceledBeforeAsync(startAt, context))
        {
            return;
        }

        var deadline = new DateTimeOffset(context.CurrentUtcDateTime + start.TimeLimit, TimeSpan.Zero);
        Queue<int> waiting = new(Enumerable.Range(0, SliceOf.Count(start.Items)));
        List<Task<bool>> running = [];
        bool goesOn = true;
        while ((goesOn && waiting.Count > 0) || running.Count > 0)
        {
            while (goesOn && waiting.Count > 0 && running.Count < AtATime)
            {
                running.Add(RunSliceAsync(context, new SliceExecution(context.InstanceId, waiting.Dequeue(), start, deadline, Attempt: 1)));
            }

            Task<bool> ended = await Task.WhenAny(running);
            running.Remove(ended);
            goesOn &= await ended;
        }

        if (start.HasWebhook)
        {
            await context.CallActivityAsync(nameof(StartWebhook), context.InstanceId, TaskOrchestration.ForAnHour);
        }
    }

    /// <summary>One slice until its items have ended; false if the batch has ended meanwhile.</summary>
    private static async Task<bool> RunSliceAsync(TaskOrchestrationContext context, SliceExecution slice)
    {
        while (true)
        {
            try
            {
                return await context.CallActivityAsync<bool>(nameof(RunSlice), slice);
            }
            catch (TaskFailedException)
            {
                if (!await TaskOrchestration.MayTryAgainAsync(slice.Attempt, slice.Deadline, slice.Start, context))
                {
                    return false;
                }

                slice = slice with { Attempt = slice.Attempt + 1 };
            }
        }
    }
}
