using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks;

/// <summary>Writes the end of a task whose attempts have all failed.</summary>
public sealed class FailTask([FromKeyedServices(TaskServices.Patient)] TaskTable tasks, TimeProvider time, ILogger<FailTask> logger)
{
    [Function(nameof(FailTask))]
    public async Task RunAsync([ActivityTrigger] string taskId, CancellationToken cancellationToken)
    {
        var id = TaskId.Parse(taskId);
        var error = TaskError.AttemptsExhausted(null);
        TaskRow? failed = await tasks.ModifyUnfinishedAsync(
            id,
            row =>
            {
                error = TaskError.AttemptsExhausted(row.LastFailure);
                return TaskChange.Failed(id, error, time.GetUtcNow());
            },
            cancellationToken);
        if (failed is not null)
        {
            logger.TaskFailed(taskId, error.Code, error.Detail);
            TaskMetrics.Ended(failed.Kind!, TaskChange.Failed(id, error, time.GetUtcNow()), failed.StartedAt);
        }
    }
}
