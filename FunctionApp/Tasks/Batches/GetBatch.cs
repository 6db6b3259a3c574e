using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tasks.Batches;

/// <summary>What came of one item.</summary>
public sealed record ItemResult(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Result,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TaskError? Error);

/// <summary>Body of the answer 200.</summary>
/// <param name="Results">In the items' order.</param>
public sealed record BatchResults(IReadOnlyList<ItemResult> Results);

/// <summary>
/// <c>GET /{kind}/batch/{task_id}</c>: the results of all items, or 404 with the task's status. With <c>?partial=true</c> also those of a batch that
/// has failed or was canceled; what had no end by then has the batch's error.
/// </summary>
public sealed class GetBatch(TaskKinds kinds, TaskResults results, ItemsTable items)
{
    [Function(nameof(GetBatch))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "{kind:alpha}/batch/{taskId}")] HttpRequest request,
        string kind,
        string taskId,
        [DurableClient] DurableTaskClient client) =>
        kinds.Find(kind) is { TakesBatches: true } batchKind
            ? await results.GetAsync(
                batchKind.BatchName, taskId, request, client, row => ReadAsync(row, request.HttpContext.RequestAborted), ofAnyEnd: request.Query["partial"] == "true")
            : TaskProblems.NoSuchKind();

    private async Task<IResult> ReadAsync(TaskRow row, CancellationToken cancellationToken)
    {
        TaskError? error = row.ErrorCode is null ? null : new(row.ErrorCode, row.ErrorDetail!);
        List<ItemResult> results = [];
        await foreach (ItemRow item in items.ReadAsync(row.Id.ToString(), 0, BatchItems.MaxCount, cancellationToken))
        {
            results.Add(new(
                item.Result is null ? null : JsonElement.Parse(item.Result),
                item.ErrorCode is not null ? new(item.ErrorCode, item.ErrorDetail!) : item.Result is null ? error : null));
        }

        // A deletion removes the items before the row: the batch is being deleted.
        return results.Count == row.Items ? TypedResults.Ok(new BatchResults(results)) : TaskProblems.Unknown();
    }
}
