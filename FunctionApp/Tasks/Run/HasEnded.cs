using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace FunctionApp.Tasks;

/// <summary>Whether a task's row has an end, or is gone.</summary>
public sealed class HasEnded([FromKeyedServices(TaskServices.Patient)] TaskTable tasks)
{
    [Function(nameof(HasEnded))]
    public async Task<bool> RunAsync([ActivityTrigger] string taskId, CancellationToken cancellationToken) =>
        await tasks.FindStatusAsync(TaskId.Parse(taskId), cancellationToken) is not (RowStatus.Pending or RowStatus.Running or RowStatus.Preparing);
}
