using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tasks;

/// <summary><c>GET /tasks/{task_id}/files/{name}</c>: a file that a task has left which has succeeded, or a part of it.</summary>
public sealed class GetFile(ReconciledTasks reconciled, TaskBlobs blobs, TimeProvider time)
{
    [Function(nameof(GetFile))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "tasks/{taskId}/files/{name}")] HttpRequest request,
        string taskId,
        string name,
        [DurableClient] DurableTaskClient client) =>
        await reconciled.FindAsync(taskId, client, request.HttpContext.RequestAborted, TaskColumns.Files) switch
        {
            null => TaskProblems.Unknown(),
            { Status: RowStatus.Succeeded } row when RunOutputs.Read(row).Any(file => file.Name == name) =>
                new StoredFile(blobs, TaskBlobs.FileName(row.Id, row.Run!, name), name),
            { } row => TaskProblems.NotFound(row.StatusAt(time.GetUtcNow()), "The task has no such file."),
        };
}
