using FunctionApp.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Multiply;

/// <summary><c>GET /multiply/{task_id}</c>: the product, or 404 with the task's status.</summary>
public sealed class GetMultiplication(TaskResults results, SlowMultiply multiply)
{
    [Function(nameof(GetMultiplication))]
    public Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "multiply/{taskId}")] HttpRequest request,
        string taskId,
        [DurableClient] DurableTaskClient client) =>
        results.GetAsync(multiply, taskId, request, client);
}
