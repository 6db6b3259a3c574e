using System.Text.Json;
using FunctionApp.Tasks;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;

namespace FunctionApp.Multiply;

/// <summary>The long-running work: put your own computation here.</summary>
public sealed class SlowMultiply(TaskRunner tasks, IOptions<SlowMultiplyOptions> options, TimeProvider time)
    : TaskKind<Multiplication, JsonElement>("multiply", nameof(SlowMultiply))
{
    private const int Steps = 20;

    public override TimeSpan TimeLimit => options.Value.Timeout;

    public override int MaxAttempts => options.Value.MaxAttempts;

    // Two numbers have at most a thousand characters each, so a larger body is no multiplication.
    public override int MaxInput => 64 * 1_024;

    public override Multiplication Read(JsonMembers body) => Multiplication.Read(body);

    [Function(nameof(SlowMultiply))]
    public Task RunAsync([ActivityTrigger] TaskAttempt attempt, CancellationToken cancellationToken) =>
        tasks.RunAsync(this, attempt, cancellationToken);

    public override async Task<JsonElement> ComputeAsync(Multiplication input, TaskProgress progress, CancellationToken cancellationToken)
    {
        // An attempt goes on where the one before broke off.
        for (int step = progress.Saved<int>() + 1; step <= Steps; step++)
        {
            await Task.Delay(options.Value.Delay / Steps, time, cancellationToken);
            progress.Report((double)step / Steps);
            progress.Save(step);
        }

        return JsonNumber.Multiply(input.X, input.Y);
    }
}
