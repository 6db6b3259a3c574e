using FunctionApp.Tasks.Batches;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tasks;

/// <summary><c>POST /tasks/{task_id}/retry</c>: a new task with the input of one that has ended.</summary>
public sealed class RetryTask(TaskReader reader, TaskBlobs blobs, ItemsTable items, TaskKinds kinds, TaskSubmission submission, TimeProvider time)
{
    [Function(nameof(RetryTask))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "tasks/{taskId}/retry")] HttpRequest request,
        string taskId,
        [DurableClient] DurableTaskClient client)
    {
        if (await reader.FindAsync(taskId, client, request.HttpContext.RequestAborted, TaskColumns.Input) is not { } row)
        {
            return TaskAnswers.Unknown();
        }

        if (row.IsUnfinished)
        {
            return TaskAnswers.Conflict(row.StatusAt(time.GetUtcNow()), "The task has not ended yet.");
        }

        if (kinds.Find(row.Kind!) is not { } kind)
        {
            return TaskAnswers.Conflict(row.StatusAt(time.GetUtcNow()), "There is no such kind of task any more.");
        }

        BatchItems? batch = await ReadItemsAsync(row, request.HttpContext.RequestAborted);
        if (batch?.Inputs.Count != row.Items)
        {
            // It is being deleted.
            return TaskAnswers.Unknown();
        }

        return await submission.AcceptAsync(new Submission(kind, row.Input, InputBlob.Of(row, blobs), batch, taskId, row.WebhookUrl), request, client);
    }

    private async Task<BatchItems?> ReadItemsAsync(TaskRow row, CancellationToken cancellationToken)
    {
        if (row.Items is not { } count)
        {
            return null;
        }

        List<BinaryData> inputs = [];
        await foreach (ItemRow item in items.ReadAsync(row.Id.ToString(), 0, count, cancellationToken))
        {
            inputs.Add(item.Input!);
        }

        return new(inputs);
    }
}
