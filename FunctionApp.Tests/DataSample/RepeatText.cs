using System.Text.Json;
using FunctionApp.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace DataSample;

public sealed record Repetition(JsonElement Text, JsonElement Times);

/// <summary>A kind of task that takes a text of any length and makes one of any length of it.</summary>
public sealed class RepeatText(TaskRunner tasks) : TaskKind<Repetition, string>("repeat", nameof(RepeatText))
{
    public override Repetition Read(JsonMembers body) => new(
        body.Required("text", value => value.ValueKind == JsonValueKind.String, "must be a text"),
        body.Required("times", value => value.ValueKind == JsonValueKind.Number, "must be a number"));

    public override Task<string> ComputeAsync(Repetition input, TaskProgress progress, CancellationToken cancellationToken) =>
        Task.FromResult(string.Concat(Enumerable.Repeat(input.Text.GetString(), input.Times.GetInt32())));

    [Function(nameof(RepeatText))]
    public Task RunAsync([ActivityTrigger] TaskAttempt attempt, CancellationToken cancellationToken) =>
        tasks.RunAsync(this, attempt, cancellationToken);
}

public sealed class RepeatApi(TaskSubmitter tasks, TaskResults results, RepeatText repeat)
{
    [Function("SubmitRepetition")]
    public Task<IResult> SubmitAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "repeat")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        tasks.SubmitAsync(repeat, request, client);

    [Function("GetRepetition")]
    public Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "repeat/{taskId}")] HttpRequest request,
        string taskId, [DurableClient] DurableTaskClient client) =>
        results.GetAsync(repeat, taskId, request, client);
}
