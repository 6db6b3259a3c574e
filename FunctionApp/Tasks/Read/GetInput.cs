using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tasks;

/// <summary><c>GET /tasks/{task_id}/input</c>: the input of a task, as it is stored.</summary>
public sealed class GetInput(ReconciledTasks reconciled, TaskBlobs blobs)
{
    [Function(nameof(GetInput))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "tasks/{taskId}/input")] HttpRequest request,
        string taskId,
        [DurableClient] DurableTaskClient client)
    {
        TaskRow? row = await reconciled.FindAsync(taskId, client, request.HttpContext.RequestAborted, TaskColumns.Input);
        return row is null ? TaskProblems.Unknown()
            : FileView.OfInput(row) is { } file ? new StoredFile(blobs, TaskBlobs.InputName(row.Id), file.Name)
            : TypedResults.Bytes(row.Input!.ToMemory(), TaskBlobs.Json, FileView.JsonInput);
    }
}
