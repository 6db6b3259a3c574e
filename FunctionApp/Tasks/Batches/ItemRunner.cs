using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks.Batches;

/// <summary>What came of one item: an end, a failure that may pass, the time limit, or nothing, as there was no place for it.</summary>
internal readonly record struct ItemOutcome(ItemRow? End = null, Exception? Failure = null, bool IsTimeout = false);

/// <summary>Does the work for one item of a batch, in a place of its own, within the kind's time limit.</summary>
public sealed class ItemRunner(WorkPlaces places, TimeProvider time, ILogger<ItemRunner> logger)
{
    internal async Task<ItemOutcome> RunAsync(TaskKind kind, SliceAttempt slice, ItemRow item, CancellationToken unwanted)
    {
        try
        {
            using IDisposable? place = await places.TakeAsync(unwanted);
            return place is null ? default : await WorkAsync(kind, slice, item, unwanted);
        }
        catch (OperationCanceledException) when (unwanted.IsCancellationRequested)
        {
            return default;
        }
#pragma warning disable CA1031 // The others of the slice should not lose what they have.
        catch (Exception e)
#pragma warning restore CA1031
        {
            logger.AttemptFailed(e, slice.TaskId, slice.Number);
            return slice.Number < slice.Orchestration.MaxAttempts
                ? new(Failure: e)
                : new(Failed(item, TaskError.AttemptsExhausted(TaskError.Describe(e))));
        }
    }

    private async Task<ItemOutcome> WorkAsync(TaskKind kind, SliceAttempt slice, ItemRow item, CancellationToken unwanted)
    {
        // Not disposed: work that ignores it, and is left alone at the time limit, may still ask it.
        var left = CancellationTokenSource.CreateLinkedTokenSource(unwanted);
        Task<BinaryData> working = Task.Run(() => kind.RunAsync(item.Input!, new TaskProgress(), TaskRow.MaxBytes, left.Token), CancellationToken.None);
        using var finished = new CancellationTokenSource();
        var timeIsUp = Task.Delay(slice.Orchestration.TimeLimit, time, finished.Token);
        Task first = await Task.WhenAny(working, timeIsUp);
        await finished.CancelAsync();
        if (first == timeIsUp)
        {
            await left.CancelAsync();
            return new(IsTimeout: true);
        }

        try
        {
            return new(new ItemRow { PartitionKey = item.PartitionKey, RowKey = item.RowKey, Result = await working });
        }
        catch (PermanentFailureException e)
        {
            return new(Failed(item, e.Error));
        }
    }

    private static ItemRow Failed(ItemRow item, TaskError error) => new()
    {
        PartitionKey = item.PartitionKey,
        RowKey = item.RowKey,
        ErrorCode = error.Code,
        ErrorDetail = error.Detail.Truncate(TaskRow.MaxDetailLength),
    };
}
