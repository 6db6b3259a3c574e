using FunctionApp.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Mean;

public sealed class MeanApi(TaskSubmitter tasks, TaskResults results, CalculateMean mean)
{
    [Function("SubmitMean")]
    public Task<IResult> SubmitAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "mean")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        tasks.SubmitAsync(mean, request, client);

    [Function("GetMean")]
    public Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "mean/{taskId}")] HttpRequest request,
        string taskId, [DurableClient] DurableTaskClient client) =>
        results.GetAsync(mean, taskId, request, client);
}
