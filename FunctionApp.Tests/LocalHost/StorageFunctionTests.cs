using System.Net;
using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.DurableTask.Entities;

namespace FunctionApp.Tests.LocalHost;

/// <summary>Functions with queues and blobs: what starts them, what they read and what they write. Azurite is a real one.</summary>
public abstract class StorageFunctionTests(DurableHost host)
{
    private BlobServiceClient Blobs => new(host.Host.StorageConnectionString);

    [Fact]
    public async Task A_message_arrives_as_text_with_what_is_known_of_it_and_an_array_is_several_messages()
    {
        SendReceipt sent = await SendAsync("text-in", "straße");

        Assert.Equal(["straße", $"{sent.MessageId} True 1 7"], await ReceiveAsync("text-out", 2));
    }

    [Theory]
    [InlineData("bytes", "olleh")]
    [InlineData("binary", "5 hello")]
    public async Task A_message_arrives_as_bytes(string queue, string expected)
    {
        await SendAsync($"{queue}-in", "hello");

        Assert.Equal([expected], await ReceiveAsync($"{queue}-out"));
    }

    [Fact]
    public async Task A_message_arrives_as_the_SDKs_type_from_the_account_of_its_Connection()
    {
        SendReceipt sent = await SendAsync("message-in", "hello");

        Assert.Equal([$"{sent.MessageId} 1 hello"], await ReceiveAsync("message-out"));
    }

    [Fact]
    public async Task A_JSON_message_names_a_blob_to_read_and_one_to_write()
    {
        await UploadAsync("customers", "ann.txt", "Ann");
        SendReceipt sent = await SendAsync("orders-development", """{"Customer":"ann","Size":5}""");

        JsonElement next = JsonDocument.Parse(Assert.Single(await ReceiveAsync("orders-out"))).RootElement;
        Assert.Equal(("Ann", 6), (next.GetProperty("Customer").GetString(), next.GetProperty("Size").GetInt32()));
        (string name, string text) = await FindAsync("receipts", $"ann/{sent.MessageId}/");
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-[0-9a-f-]{36}\.txt$", name.Split('/')[^1]);
        Assert.Equal("5 5 for Ann", text);
    }

    [Fact]
    public async Task A_message_whose_function_fails_ends_in_the_poison_queue()
    {
        await SendAsync("fails-in", "hello");

        Assert.Equal(["hello"], await ReceiveAsync("fails-in-poison"));
        // WebJobs copies it there, and then deletes it here.
        await Eventually.AreEqual(0, async () => (await Queue("fails-in").GetPropertiesAsync()).Value.ApproximateMessagesCount);
    }

    [Fact]
    public Task A_message_that_is_being_worked_on_when_the_host_stops_is_finished() => RestartAsync("1.5", "1");

    [Long]
    [Fact]
    public Task One_that_takes_too_long_for_that_is_worked_on_again_at_once() => RestartAsync("60", "2");

    [Fact]
    public async Task A_blob_starts_functions_whatever_type_they_bind_it_to()
    {
        await UploadAsync("texts", "a.b.md", "hello");
        await UploadAsync("known", "k.txt", "hello", new Dictionary<string, string> { ["colour"] = "red" });
        await UploadAsync("streams", "s", "hello");
        await UploadAsync("orders", "o.json", """{"Customer":"ann","Size":5}""");

        Assert.Equal(["""k.txt k.txt known/k.txt k.txt hello {"colour":"red"}"""], await ReceiveAsync("known-out"));
        Assert.Equal(["hello"], await ReceiveAsync("stream-out"));
        Assert.Equal(["ann 5"], await ReceiveAsync("order-out"));
        Assert.Equal(("a.b-md.txt", "a.b HELLO"), await FindAsync("copies", ""));
    }

    [Fact]
    public async Task A_message_and_a_blob_can_be_handed_to_a_function_by_hand()
    {
        await PostAsync("/admin/functions/QueueText", new { input = "by hand" });
        Assert.Equal("by hand", (await ReceiveAsync("text-out", 2))[0]);

        await UploadAsync("elsewhere", "o.json", """{"Customer":"bob","Size":7}""");
        await PostAsync("/admin/functions/BlobOrder", new { input = "elsewhere/o.json" });
        Assert.Equal(["bob 7"], await ReceiveAsync("order-out"));
    }

    [Fact]
    public async Task A_request_reads_blobs_as_all_types()
    {
        await UploadAsync("readable", "o.json", """{"Customer":"ann","Size":5}""");

        Assert.Equal("True ann readable 1", await host.Host.Http.GetStringAsync("/api/blobs/o.json?name=o.json"));

        using HttpResponseMessage missing = await host.Host.Http.GetAsync("/api/blobs/missing.json?name=missing.json");
        Assert.Equal(HttpStatusCode.InternalServerError, missing.StatusCode);
    }

    [Fact]
    public async Task A_request_is_answered_and_writes_messages_and_a_blob()
    {
        using HttpResponseMessage answer = await PostAsync("/api/send?file=f", new { folder = "x" });
        Assert.Equal("sent to x", await answer.Content.ReadAsStringAsync());
        Assert.Equal(["a", "b"], (await ReceiveAsync("sent-out", 2)).Select(order => JsonDocument.Parse(order).RootElement.GetProperty("Customer").GetString()));
        Assert.Equal(("x/f.txt", "content"), await FindAsync("sent-dotnet-isolated", "x/"));

        (await PostAsync("/api/plainsend/y", new { })).Dispose();
        Assert.Equal(("y/plain.txt", "plain"), await FindAsync("sent-dotnet-isolated", "y/"));
        Assert.Null((await Queue("sent-out").PeekMessageAsync()).Value);
    }

    [Fact]
    public async Task An_activity_reads_and_writes_a_blob_by_the_orchestrations_ID()
    {
        string id = Guid.NewGuid().ToString("N");
        await UploadAsync("durable", $"{id}.txt", "one ");

        await host.StartAsync("Appends", "two", id);

        Assert.Equal("one two", (await host.EndAsync(id)).ReadOutputAs<string>());
        Assert.Equal(($"{id}.txt", "one two"), await FindAsync("durable", id));
    }

    [Fact]
    public async Task An_entity_has_a_container()
    {
        await UploadAsync("countable", "a", "");
        var counter = new EntityInstanceId("BlobCounter", Guid.NewGuid().ToString("N"));

        await host.Client.Entities.SignalEntityAsync(counter, "CountAsync");

        await Eventually.AreEqual(1, async () => await host.Client.Entities.GetEntityAsync<int>(counter) is { } entity ? entity.State : 0);
    }

    [Fact]
    public async Task A_setting_that_means_the_usual_Azurite_means_the_hosts_own() =>
        Assert.Equal(host.Host.StorageConnectionString, await host.Host.Http.GetStringAsync("/api/setting?name=AnotherStorage"));

    private async Task RestartAsync(string seconds, string expectedAttempt)
    {
        SendReceipt sent = await SendAsync("dawdle-in", seconds);
        Assert.Equal(($"{sent.MessageId}/1", seconds), await FindAsync("begun", sent.MessageId));

        await host.Host.RestartAsync();

        Assert.Equal([expectedAttempt], await ReceiveAsync("dawdle-out"));
        await Eventually.AreEqual(0, async () => (await Queue("dawdle-in").GetPropertiesAsync()).Value.ApproximateMessagesCount);
    }

    // As the Functions host has it, messages are base64.
    private QueueClient Queue(string name) =>
        new(host.Host.StorageConnectionString, name, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });

    private async Task<SendReceipt> SendAsync(string queue, string message)
    {
        await Queue(queue).CreateIfNotExistsAsync();
        return await Queue(queue).SendMessageAsync(message);
    }

    private async Task<string[]> ReceiveAsync(string queue, int count = 1)
    {
        QueueClient client = Queue(queue);
        await client.CreateIfNotExistsAsync();
        List<string> messages = [];
        await Eventually.AreEqual(true, async () =>
        {
            foreach (QueueMessage message in (await client.ReceiveMessagesAsync(count)).Value)
            {
                messages.Add(Encoding.UTF8.GetString(message.Body));
                await client.DeleteMessageAsync(message.MessageId, message.PopReceipt);
            }

            return messages.Count >= count;
        });
        return [.. messages];
    }

    private async Task UploadAsync(string container, string name, string text, IDictionary<string, string>? metadata = null)
    {
        BlobContainerClient client = Blobs.GetBlobContainerClient(container);
        await client.CreateIfNotExistsAsync();
        await client.GetBlobClient(name).UploadAsync(BinaryData.FromString(text), new BlobUploadOptions { Metadata = metadata });
    }

    private async Task<(string Name, string Text)> FindAsync(string container, string prefix)
    {
        BlobContainerClient client = Blobs.GetBlobContainerClient(container);
        await client.CreateIfNotExistsAsync();
        (string Name, string Text) found = default;
        // One that is being written is there before its content.
        await Eventually.AreEqual(true, async () =>
        {
            await foreach (BlobItem blob in client.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, CancellationToken.None))
            {
                found = (blob.Name, (await client.GetBlobClient(blob.Name).DownloadContentAsync()).Value.Content.ToString());
            }

            return !string.IsNullOrEmpty(found.Text);
        });
        return found;
    }

    private async Task<HttpResponseMessage> PostAsync(string path, object body)
    {
        using var content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        HttpResponseMessage answer = await host.Host.Http.PostAsync(path, content);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return answer;
    }
}

[Collection<SqliteHostCollection>]
public sealed class SqliteStorageFunctionTests(SqliteHost host) : StorageFunctionTests(host);

[Collection<AzureStorageHostCollection>]
public sealed class AzureStorageStorageFunctionTests(AzureStorageHost host) : StorageFunctionTests(host);
