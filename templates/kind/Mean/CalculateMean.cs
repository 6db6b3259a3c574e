using System.Text.Json;
using FunctionApp.Tasks;
using Microsoft.Azure.Functions.Worker;

namespace FunctionApp.Mean;

public sealed record MeanInput(JsonElement Values);

public sealed class CalculateMean(TaskRunner tasks) : TaskKind<MeanInput, double>("mean", nameof(CalculateMean))
{
    public override MeanInput Read(JsonMembers body) => new(body.Required("values", IsNumbers, "must be an array of numbers"));

    public override Task<double> ComputeAsync(MeanInput input, TaskProgress progress, CancellationToken cancellationToken) =>
        input.Values.GetArrayLength() > 0
            ? Task.FromResult(input.Values.EnumerateArray().Average(value => value.GetDouble()))
            : throw new PermanentFailureException("There is no mean of no values.");

    [Function(nameof(CalculateMean))]
    public Task RunAsync([ActivityTrigger] TaskAttempt attempt, CancellationToken cancellationToken) =>
        tasks.RunAsync(this, attempt, cancellationToken);

    private static bool IsNumbers(JsonElement values) =>
        values.ValueKind == JsonValueKind.Array && values.EnumerateArray().All(value => value.ValueKind == JsonValueKind.Number);
}
