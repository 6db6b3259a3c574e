using Azure;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks;

/// <summary>Writes the end of a task whose attempts have all failed.</summary>
public sealed class FailTask([FromKeyedServices(TaskServices.Patient)] TaskTable tasks, TimeProvider time, ILogger<FailTask> logger)
{
    [Function(nameof(FailTask))]
    public async Task RunAsync([ActivityTrigger] TaskFailure failure, CancellationToken cancellationToken)
    {
        var change = TaskRow.Failed(TaskId.Parse(failure.TaskId), failure.Error, time.GetUtcNow());
        if (await tasks.ChangeUnfinishedAsync(change, new ETag(failure.ETag), cancellationToken) is not null)
        {
            logger.TaskFailed(failure.TaskId, failure.Error.Code, failure.Error.Detail);
        }
    }
}
