using FunctionApp.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Train;

/// <summary>The routes of both kinds.</summary>
public sealed class TrainApi(TaskSubmitter tasks, TaskResults results, TrainModel train, PredictRows predict)
{
    [Function("SubmitTraining")]
    public Task<IResult> SubmitTrainingAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "train")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        tasks.SubmitAsync(train, request, client);

    [Function("GetTraining")]
    public Task<IResult> GetTrainingAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "train/{taskId}")] HttpRequest request,
        string taskId, [DurableClient] DurableTaskClient client) =>
        results.GetAsync(train, taskId, request, client);

    [Function("SubmitPrediction")]
    public Task<IResult> SubmitPredictionAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "predict")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        tasks.SubmitAsync(predict, request, client);

    [Function("GetPrediction")]
    public Task<IResult> GetPredictionAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "predict/{taskId}")] HttpRequest request,
        string taskId, [DurableClient] DurableTaskClient client) =>
        results.GetAsync(predict, taskId, request, client);
}
