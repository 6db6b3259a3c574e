using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks;

/// <summary>
/// <c>DELETE /tasks/{task_id}</c>: makes the row a tombstone, from when on nobody sees the task, and removes what is
/// left of it. What cannot be removed at once the sweep does.
/// </summary>
public sealed class DeleteTask(TaskReader reader, TaskDeletion deletion, TimeProvider time, ILogger<DeleteTask> logger)
{
    // An orchestration ends a moment after its task.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    [Function(nameof(DeleteTask))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "delete", Route = "tasks/{taskId}")] HttpRequest request,
        string taskId,
        [DurableClient] DurableTaskClient client)
    {
        if (await reader.FindAsync(taskId, client, request.HttpContext.RequestAborted) is not { } row)
        {
            return TaskAnswers.Unknown();
        }

        if (row.IsUnfinished)
        {
            return TaskAnswers.Conflict(row.StatusAt(time.GetUtcNow()), "The task has not ended yet: cancel it first.");
        }

        if (!await deletion.BuryAsync(row, request.HttpContext.RequestAborted))
        {
            return TaskAnswers.Unknown();
        }

        try
        {
            using var patience = new CancellationTokenSource(Patience, time);
            while (!await deletion.RemoveAsync(row, client, patience.Token))
            {
                await Task.Delay(100, patience.Token);
            }
        }
        catch (Exception e) when (Outage.Is(e))
        {
            logger.LeftToSweep(e, taskId);
        }

        return TypedResults.NoContent();
    }
}
