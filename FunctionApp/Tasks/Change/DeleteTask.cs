using FunctionApp.Tasks.Upkeep;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks;

/// <summary>
/// <c>DELETE /tasks/{task_id}</c>: makes the row a tombstone, from when on nobody sees the task, and removes what is
/// left of it. What cannot be removed at once the sweep does.
/// </summary>
public sealed class DeleteTask(
    ReconciledTasks reconciled, TaskTable tasks, TaskDeletion deletion, OpenTasks open, TimeProvider time, ILogger<DeleteTask> logger)
{
    // An orchestration ends a moment after its task's row: this is how long a DELETE waits for it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    [Function(nameof(DeleteTask))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "delete", Route = "tasks/{taskId}")] HttpRequest request,
        string taskId,
        [DurableClient] DurableTaskClient client)
    {
        if (await reconciled.FindAsync(taskId, client, request.HttpContext.RequestAborted, TaskColumns.None) is not { } row)
        {
            return TaskProblems.Unknown();
        }

        if (row.IsUnfinished)
        {
            return TaskProblems.Conflict(row.StatusAt(time.GetUtcNow()), "The task has not ended yet: cancel it first.");
        }

        // If this breaks off after the tombstone is written, only the sweep knows of it.
        var entry = new OpenTask(row.Id, time.GetUtcNow() + OpenTasks.WhileARequestLasts, row.Hub ?? client.Name);
        await open.AddAsync([entry], request.HttpContext.RequestAborted);
        if (await tasks.BuryAsync(row, request.HttpContext.RequestAborted) is { } tombstone)
        {
            await RemoveAsync(tombstone, entry, client);
        }

        return TypedResults.NoContent();
    }

    private async Task RemoveAsync(TaskRow tombstone, OpenTask entry, DurableTaskClient client)
    {
        try
        {
            using var timeIsUp = new CancellationTokenSource(2 * Patience, time);
            await (TaskHubs.IsOwn(tombstone, client) && await deletion.RemoveAsync(tombstone, client, Patience, timeIsUp.Token)
                ? open.RemoveAsync(entry, timeIsUp.Token)
                : open.MoveAsync(entry, new OpenTask(tombstone.Id, time.GetUtcNow(), tombstone.Hub ?? client.Name), timeIsUp.Token));
        }
        catch (Exception e) when (Outage.Is(e))
        {
            logger.LeftToSweep(e, entry.TaskId);
        }
    }
}
