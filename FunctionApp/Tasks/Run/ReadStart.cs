using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace FunctionApp.Tasks;

/// <summary>When a task may start, as its row says now; null if it has ended, or is gone.</summary>
public sealed class ReadStart([FromKeyedServices(TaskServices.Patient)] TaskTable tasks)
{
    [Function(nameof(ReadStart))]
    public async Task<DateTimeOffset?> RunAsync([ActivityTrigger] string taskId, CancellationToken cancellationToken)
    {
        var id = TaskId.Parse(taskId);
        return await tasks.FindRowAsync(id, cancellationToken) is { Status: RowStatus.Pending or RowStatus.Running or RowStatus.Preparing } row
            ? row.StartAt ?? id.CreatedAt
            : null;
    }
}
