using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace DurableSample;

/// <summary>Functions that start instances, measure them, and tell of which trace they are.</summary>
public static class TracedFunctions
{
    private static readonly ActivityListener Listener = new()
    {
        ShouldListenTo = source => source.Name is "Microsoft.Azure.Functions.Worker" or "Microsoft.DurableTask",
        Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
    };

    /// <summary>Has the worker and its durable client make spans, as OpenTelemetry does with their sources.</summary>
    public static void Listen() => ActivitySource.AddActivityListener(Listener);

    /// <returns>The ID of an instance that is started.</returns>
    [Function(nameof(Start))]
    public static async Task<IResult> Start(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, [DurableClient] DurableTaskClient client, string orchestration) =>
        Results.Text(await client.ScheduleNewOrchestrationInstanceAsync(orchestration, request.HttpContext.RequestAborted));

    /// <returns>The length of an instance's output.</returns>
    [Function(nameof(Measure))]
    public static async Task<IResult> Measure(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, [DurableClient] DurableTaskClient client, string id) =>
        Results.Text($"{(await client.GetInstanceAsync(id, getInputsAndOutputs: true, request.HttpContext.RequestAborted))!.SerializedOutput!.Length}");

    /// <returns>The parents of its own span and of what it calls.</returns>
    [Function(nameof(Traces))]
    public static async Task<string[]> Traces([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext function) =>
    [
        function.TraceContext.TraceParent,
        await context.CallActivityAsync<string>(nameof(ReadTrace), ""),
        await context.CallSubOrchestratorAsync<string>(nameof(TracesBelow)),
        await context.Entities.CallEntityAsync<string>(new EntityInstanceId(nameof(TraceReader), context.InstanceId), "read"),
    ];

    [Function(nameof(TracesBelow))]
    public static Task<string> TracesBelow([OrchestrationTrigger] TaskOrchestrationContext context) =>
        context.CallActivityAsync<string>(nameof(ReadTrace), "");

    [Function(nameof(TraceReader))]
    public static Task TraceReader([EntityTrigger] TaskEntityDispatcher dispatcher, FunctionContext function) =>
        dispatcher.DispatchAsync(_ => ValueTask.FromResult<object?>(function.TraceContext.TraceParent));

    [Function(nameof(ReadTrace))]
    public static string ReadTrace([ActivityTrigger] string input, FunctionContext function) => function.TraceContext.TraceParent;
}
