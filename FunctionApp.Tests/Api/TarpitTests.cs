using System.Text.Json;
using DurableLocalHost;

namespace FunctionApp.Tests.Api;

/// <summary>A receiver that never answers holds neither the places of real work nor those of other receivers.</summary>
public abstract class TarpitTests(StorageProvider storage) : LocalHostTest
{
    [Fact]
    public async Task A_tarpit_holds_one_place_while_work_and_other_webhooks_go_on()
    {
        int held = 0;
        int mostHeld = 0;
        await using WebhookReceiver tarpit = await WebhookReceiver.StartAsync(async (http, _) =>
        {
            mostHeld = Math.Max(mostHeld, Interlocked.Increment(ref held));
            try
            {
                await Task.Delay(Timeout.Infinite, http.RequestAborted);
            }
            finally
            {
                Interlocked.Decrement(ref held);
            }
        });
        await using WebhookReceiver other = await WebhookReceiver.StartAsync((_, _) => Task.CompletedTask, "127.0.0.2");
        Settings["AzureFunctionsJobHost__extensions__durableTask__maxConcurrentActivityFunctions"] = "4";
        Settings["Webhook__Secret"] = ApiHost.WebhookSecret;
        Settings["Webhook__AllowedHosts"] = "127.0.0.1,127.0.0.2";
        Settings["Webhook__MaxDeliveries"] = "2";
        await using LocalFunctionHost host = await LocalFunctionHost.StartAsync(Settings, storage, ownProcess: true);

        string[] stuck = await host.Http.SubmitManyAsync(8, $"?webhook={Uri.EscapeDataString(tarpit.Url)}");
        await host.Http.AssertResultsAsync("4.6", stuck);
        await Eventually.AreEqual(1, () => Task.FromResult(held));
        string[] working = await host.Http.SubmitManyAsync(8, $"?webhook={Uri.EscapeDataString(other.Url)}");
        await host.Http.AssertResultsAsync("4.6", working);
        await Eventually.AreEqual(8, async () => (await Task.WhenAll(working.Select(taskId => AttemptsAsync(host, taskId)))).Sum());

        // It gets its next one when it lets the first go, and only those that it got are counted.
        await Eventually.AreEqual(true, () => Task.FromResult(tarpit.Requests.Count >= 3), TimeSpan.FromMinutes(2));
        int counted = (await Task.WhenAll(stuck.Select(taskId => AttemptsAsync(host, taskId)))).Sum();
        Assert.InRange(counted, 1, tarpit.Requests.Count);
        Assert.Equal(1, mostHeld);
    }

    private static async Task<int> AttemptsAsync(LocalFunctionHost host, string taskId)
    {
        JsonElement task = await host.Http.GetTaskAsync(taskId);
        return task.GetProperty("webhook").GetProperty("attempts").GetInt32();
    }
}

[Long]
public sealed class TarpitOnSqlite() : TarpitTests(StorageProvider.Sqlite);

[Long]
public sealed class TarpitOnAzureStorage() : TarpitTests(StorageProvider.AzureStorage);
