using System.Text;
using Azure.Storage.Blobs;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Http;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace DurableSample;

/// <summary>Functions that blobs start, and others that read and write blobs.</summary>
public static class BlobFunctions
{
    /// <summary>Copies a text in capitals.</summary>
    [Function(nameof(BlobText))]
    [BlobOutput("copies/{name}-{extension}.txt")]
    public static byte[] BlobText([BlobTrigger("texts/{name}.{extension}")] string text, string name) =>
        Encoding.UTF8.GetBytes($"{name} {text.ToUpperInvariant()}");

    /// <returns>What is known of the blob.</returns>
    [Function(nameof(BlobKnown))]
    [QueueOutput("known-out")]
    public static async Task<string> BlobKnown(
        [BlobTrigger("known/{name}")] BlobClient blob, string name, string blobTrigger, Uri uri, FunctionContext context) =>
        $"{blob.Name} {name} {blobTrigger} {uri.Segments[^1]} {(await blob.DownloadContentAsync()).Value.Content} {context.BindingContext.BindingData["Metadata"]}";

    [Function(nameof(BlobStream))]
    [QueueOutput("stream-out")]
    public static async Task<string> BlobStream([BlobTrigger("streams/{name}")] Stream blob)
    {
        using var reader = new StreamReader(blob);
        return await reader.ReadToEndAsync();
    }

    [Function(nameof(BlobOrder))]
    [QueueOutput("order-out")]
    public static string BlobOrder([BlobTrigger("orders/{name}")] Order order) => $"{order.Customer} {order.Size}";

    /// <returns>A blob as each of the types that it can be bound to, and the names of all in its container.</returns>
    [Function(nameof(BlobRead))]
    public static async Task<IResult> BlobRead(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "blobs/{name}")] HttpRequest request,
        [BlobInput("readable/{name}")] string text,
        [BlobInput("readable/{name}")] byte[] bytes,
        [BlobInput("readable/{name}")] Stream stream,
        [BlobInput("readable/{name}")] Order order,
        [BlobInput("readable/{Query.name}")] BlobClient client,
        [BlobInput("readable")] BlobContainerClient container,
        [BlobInput("readable")] IEnumerable<string> all)
    {
        using var reader = new StreamReader(stream);
        bool isSame = text == await reader.ReadToEndAsync() && text.Length == bytes.Length && text == (await client.DownloadContentAsync()).Value.Content.ToString();
        return Results.Text($"{isSame} {order.Customer} {container.Name} {all.Count()}");
    }

    /// <summary>Answers, and writes a blob and messages, by the properties of the request's body.</summary>
    [Function(nameof(Send))]
    public static SendOutputs Send([HttpTrigger(AuthorizationLevel.Anonymous, "post")] HttpRequest request, string folder) =>
        new(Results.Text($"sent to {folder}", statusCode: StatusCodes.Status202Accepted), [new Order("a", 1), new Order("b", 2)], "content");

    /// <summary>The same without ASP.NET Core, and no message.</summary>
    [Function(nameof(PlainSend))]
    public static PlainSendOutputs PlainSend([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "plainsend/{folder}")] HttpRequestData request) =>
        new(request.CreateResponse(System.Net.HttpStatusCode.Accepted), null, "plain");

    /// <returns>The blob that has the orchestration's ID, which the activity overwrites.</returns>
    [Function(nameof(Append))]
    [BlobOutput("durable/{instanceId}.txt")]
    public static string Append([ActivityTrigger] string text, [BlobInput("durable/{instanceId}.txt")] string before) => before + text;

    [Function(nameof(Appends))]
    public static Task<string> Appends([OrchestrationTrigger] TaskOrchestrationContext context) =>
        context.CallActivityAsync<string>(nameof(Append), context.GetInput<string>());
}

/// <summary>An entity that counts the blobs of a container.</summary>
public sealed class BlobCounter(BlobContainerClient container) : TaskEntity<int>
{
    public async Task<int> CountAsync()
    {
        State = 0;
        await foreach (Azure.Storage.Blobs.Models.BlobItem _ in container.GetBlobsAsync())
        {
            State++;
        }

        return State;
    }

    [Function(nameof(BlobCounter))]
    public static Task DispatchAsync([EntityTrigger] TaskEntityDispatcher dispatcher, [BlobInput("countable")] BlobContainerClient container) =>
        dispatcher.DispatchAsync<BlobCounter>(container);
}

public sealed record SendOutputs(
    [property: HttpResult] IResult Answer,
    [property: QueueOutput("sent-out")] IReadOnlyList<Order> Orders,
    [property: BlobOutput("sent-%FUNCTIONS_WORKER_RUNTIME%/{folder}/{Query.file}.txt")] string Content);

public sealed record PlainSendOutputs(
    [property: HttpResult] HttpResponseData Answer,
    [property: QueueOutput("sent-out")] string? Message,
    [property: BlobOutput("sent-%FUNCTIONS_WORKER_RUNTIME%/{folder}/plain.txt")] string Content);
