using FunctionApp.Tasks.Batches;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Primitives;

namespace FunctionApp.Tasks;

/// <summary><c>POST /tasks/{task_id}/retry</c>: a new task with the input of one that has ended.</summary>
public sealed class RetryTask(ReconciledTasks reconciled, TaskBlobs blobs, ItemsTable items, TaskKinds kinds, TaskSubmitter submitter, TimeProvider time)
{
    // Which items of a batch: those that have no result, or else all.
    private const string ItemsOption = "items";

    [Function(nameof(RetryTask))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "tasks/{taskId}/retry")] HttpRequest request,
        string taskId,
        [DurableClient] DurableTaskClient client)
    {
        if (await reconciled.FindAsync(taskId, client, request.HttpContext.RequestAborted, TaskColumns.Input) is not { } row)
        {
            return TaskProblems.Unknown();
        }

        if (row.IsUnfinished)
        {
            return TaskProblems.Conflict(row.StatusAt(time.GetUtcNow()), "The task has not ended yet.");
        }

        if (kinds.Find(row.Kind!) is not { } kind)
        {
            return TaskProblems.Conflict(row.StatusAt(time.GetUtcNow()), "There is no such kind of task any more.");
        }

        return row.Items is { } count
            ? await RetryBatchAsync(row, count, kind, request, client)
            : await submitter.AcceptAsync(new Submission(kind, row.Input, InputBlob.Of(row, blobs), Retried: row), request, client, ItemsErrors(request, isBatch: false));
    }

    private async Task<IResult> RetryBatchAsync(TaskRow row, int count, TaskKind kind, HttpRequest request, DurableTaskClient client)
    {
        List<ItemRow> all = await items.ReadAsync(row.Id.ToString(), 0, count, request.HttpContext.RequestAborted).ToListAsync();
        if (all.Count != count)
        {
            // A deletion removes the items before the row: the batch is being deleted.
            return TaskProblems.Unknown();
        }

        Dictionary<string, string[]>? errors = ItemsErrors(request, isBatch: true);
        bool isForFailed = request.Query.ContainsKey(ItemsOption) && errors is null;
        BinaryData[] inputs = [.. all.Where(item => !isForFailed || item.Result is null).Select(item => item.Input!)];
        if (inputs.Length == 0)
        {
            return TaskProblems.Conflict(row.StatusAt(time.GetUtcNow()), "No item of the batch has failed.");
        }

        var batch = new BatchItems(inputs);
        return await submitter.AcceptAsync(new Submission(kind, batch.Summary, Items: batch, Retried: row), request, client, errors);
    }

    private static Dictionary<string, string[]>? ItemsErrors(HttpRequest request, bool isBatch) =>
        !request.Query.TryGetValue(ItemsOption, out StringValues value) || (isBatch && value == "failed") ? null
        : new() { [ItemsOption] = [isBatch ? "must be failed, or left out for all items" : "can only be used with a batch"] };
}
