using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tasks;

/// <summary><c>POST /tasks/{task_id}/retry</c>: a new task with the input of one that has ended.</summary>
public sealed class RetryTask(TaskTable tasks, TaskSubmission submission)
{
    [Function(nameof(RetryTask))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "tasks/{taskId}/retry")] HttpRequest request,
        string taskId,
        [DurableClient] DurableTaskClient client)
    {
        if (!TaskId.TryParse(taskId, out TaskId id)
            || await tasks.FindWithInputAsync(id, request.HttpContext.RequestAborted) is not { } row)
        {
            return TaskAnswers.Unknown();
        }

        return row.IsUnfinished
            ? TaskAnswers.Conflict(row.Status.ToString()!, "The task has not ended yet.")
            : await submission.AcceptAsync(
                new TaskKind(row.Kind!, row.Activity!, TimeSpan.FromMilliseconds(row.TimeLimit!.Value)), row.Input!, request, client, retryOf: taskId);
    }
}
