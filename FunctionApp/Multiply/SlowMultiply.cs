using Microsoft.Azure.Functions.Worker;

namespace FunctionApp.Multiply;

/// <summary>Input of <see cref="SlowMultiply"/>: the task and its two JSON numbers.</summary>
public sealed record SlowMultiplyInput(string TaskId, string X, string Y);

/// <summary>The long-running work: put your own computation here.</summary>
public sealed class SlowMultiply(ResultsTable results, SlowMultiplySettings settings)
{
    /// <summary>Multiplies and writes the result row. Runs at least once, so it must be repeatable.</summary>
    /// <exception cref="OverflowException">The product of two doubles is not finite; another attempt cannot help.</exception>
    [Function(nameof(SlowMultiply))]
    public async Task RunAsync([ActivityTrigger] SlowMultiplyInput input, CancellationToken cancellationToken)
    {
        await Task.Delay(settings.Delay, cancellationToken);
        await results.SaveAsync(input.TaskId, JsonNumber.Multiply(input.X, input.Y), cancellationToken);
    }
}
