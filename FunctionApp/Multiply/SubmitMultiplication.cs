using FunctionApp.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Options;

namespace FunctionApp.Multiply;

/// <summary><c>POST /multiply</c>: accepts a task and answers with its ID, without waiting for it.</summary>
public sealed class SubmitMultiplication(TaskSubmission tasks, IOptions<SlowMultiplyOptions> options)
{
    /// <summary>The kind of task that this folder is about.</summary>
    public static readonly TaskKind Kind = new("multiply", nameof(SlowMultiply));

    [Function(nameof(SubmitMultiplication))]
    public Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "multiply")] HttpRequest request,
        [DurableClient] DurableTaskClient client) =>
        tasks.SubmitAsync(Kind with { TimeLimit = options.Value.Timeout }, request, client, Multiplication.Read);
}
