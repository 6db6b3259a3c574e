using FunctionApp.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Multiply;

/// <summary><c>POST /multiply</c>: accepts a task and answers with its ID, without waiting for it.</summary>
public sealed class SubmitMultiplication(TaskSubmitter tasks, SlowMultiply multiply)
{
    [Function(nameof(SubmitMultiplication))]
    public Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "multiply")] HttpRequest request,
        [DurableClient] DurableTaskClient client) =>
        tasks.SubmitAsync(multiply, request, client);
}
