using Azure.Storage.Blobs;
using Azure.Storage.Queues.Models;
using Microsoft.Azure.Functions.Worker;

namespace DurableSample;

/// <summary>Functions that messages start, one for each type that a message can be bound to. Each answers into a queue of its own.</summary>
public static class QueueFunctions
{
    /// <returns>The message, and what is known of it, as two messages.</returns>
    [Function(nameof(QueueText))]
    [QueueOutput("text-out")]
    public static string[] QueueText(
        [QueueTrigger("text-in")] string message, string id, string? popReceipt, int dequeueCount, DateTimeOffset insertionTime, DateTimeOffset expirationTime) =>
        [message, $"{id} {popReceipt is not null} {dequeueCount} {(expirationTime - insertionTime).TotalDays}"];

    [Function(nameof(QueueBytes))]
    [QueueOutput("bytes-out")]
    public static byte[] QueueBytes([QueueTrigger("bytes-in")] byte[] message) => [.. message.Reverse()];

    [Function(nameof(QueueBinary))]
    [QueueOutput("binary-out")]
    public static string QueueBinary([QueueTrigger("binary-in")] BinaryData message) => $"{message.ToMemory().Length} {message}";

    [Function(nameof(QueueSdkMessage))]
    [QueueOutput("message-out")]
    public static string QueueSdkMessage([QueueTrigger("message-in", Connection = "Storage")] QueueMessage message) =>
        string.Create(CultureInfo.InvariantCulture, $"{message.MessageId} {message.DequeueCount} {message.Body}");

    /// <summary>Reads a blob that the message names, and writes another whose name the host makes.</summary>
    [Function(nameof(QueueOrder))]
    public static OrderOutputs QueueOrder(
        [QueueTrigger("orders-%AZURE_FUNCTIONS_ENVIRONMENT%")] Order order, [BlobInput("customers/{Customer}.txt")] string customer, string size) =>
        new(new Order(customer, order.Size + 1), $"{order.Size} {size} for {customer}");

    /// <summary>Leaves a blob when it has begun, and takes that many seconds at the first attempt.</summary>
    /// <returns>The number of the attempt.</returns>
    [Function(nameof(QueueDawdle))]
    [QueueOutput("dawdle-out")]
    public static async Task<string> QueueDawdle(
        [QueueTrigger("dawdle-in")] string seconds, string id, int dequeueCount, [BlobInput("begun")] BlobContainerClient begun)
    {
        await begun.CreateIfNotExistsAsync();
        await begun.UploadBlobAsync($"{id}/{dequeueCount}", BinaryData.FromString(seconds));
        await Task.Delay(TimeSpan.FromSeconds(dequeueCount == 1 ? double.Parse(seconds, CultureInfo.InvariantCulture) : 0));
        return $"{dequeueCount}";
    }

    [Function(nameof(QueueFails))]
    public static void QueueFails([QueueTrigger("fails-in")] string message) => throw new InvalidOperationException($"{message} fails on purpose");
}

public sealed record Order(string Customer, int Size);

/// <summary>Two outputs.</summary>
public sealed record OrderOutputs(
    [property: QueueOutput("orders-out")] Order Next,
    [property: BlobOutput("receipts/{Customer}/{id}/{DateTime}-{rand-guid}.txt", Connection = "AzureWebJobsStorage")] string Receipt);
