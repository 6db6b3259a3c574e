using System.Text.Json;
using FunctionApp.Tasks;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;

namespace FunctionApp.Multiply;

/// <summary>The long-running work: put your own computation here.</summary>
public sealed class SlowMultiply(TaskRunner tasks, IOptions<SlowMultiplyOptions> options, TimeProvider time)
{
    private const int Steps = 20;

    [Function(nameof(SlowMultiply))]
    public Task RunAsync([ActivityTrigger] TaskExecution execution, CancellationToken cancellationToken) =>
        tasks.RunAsync<Multiplication, JsonElement>(execution, MultiplyAsync, cancellationToken);

    public async Task<JsonElement> MultiplyAsync(Multiplication input, TaskProgress progress, CancellationToken cancellationToken)
    {
        for (int step = 1; step <= Steps; step++)
        {
            await Task.Delay(options.Value.Delay / Steps, time, cancellationToken);
            progress.Report((double)step / Steps);
        }

        return JsonNumber.Multiply(input.X, input.Y);
    }
}
