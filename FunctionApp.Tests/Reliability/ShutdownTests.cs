using System.Text;
using DurableLocalHost;
using FunctionApp.Tests.Api;

namespace FunctionApp.Tests.Reliability;

/// <summary>
/// Deployments, scale-in, crashes: whatever is under way goes on afterwards, and none of it is lost. SHUTDOWN_TEST_ROUNDS says how often.
/// </summary>
public abstract class ShutdownTests(StorageProvider storage, int rounds) : LocalHostTest
{
    [Fact]
    public async Task Stopped_and_killed_again_and_again_nothing_is_lost()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(200);
        Settings["SlowMultiply__Delay"] = "00:00:03";
        Settings["Webhook__Secret"] = ApiHost.WebhookSecret;
        Settings["Webhook__AllowedHosts"] = "127.0.0.1";
        int times = TestRun.Read("SHUTDOWN_TEST_ROUNDS", rounds);
        List<string> tasks = [];
        List<string> called = [];
        for (int round = 0; round < times; round++)
        {
            await using LocalHostProcess host = await StartAsync(storage);
            tasks.AddRange(await host.Http.SubmitManyAsync(3));
            tasks.Add(await SubmitBatchAsync(host.Http));
            called.Add(await host.Http.SubmitAsync(query: $"?delay=2&webhook={receiver.Url}"));
            await Task.Delay(TimeSpan.FromSeconds(1 + (round % 3)));
            if (round % 2 == 0)
            {
                Assert.Equal(0, await host.SignalAsync("TERM"));
            }
            else
            {
                host.Kill();
                await host.WaitForExitAsync();
            }
        }

        await using LocalHostProcess last = await StartAsync(storage);
        foreach (string taskId in tasks.Concat(called))
        {
            await last.Http.WaitForStatusAsync(taskId, "Succeeded", TimeSpan.FromMinutes(5));
        }

        // A delivery whose start was lost is started by the sweep, which runs every five minutes.
        await Eventually.AreEqual(
            true,
            () => Task.FromResult(called.TrueForAll(taskId => receiver.Requests.Any(request => request.Body.Contains(taskId)))),
            TimeSpan.FromMinutes(7));
    }

    private static async Task<string> SubmitBatchAsync(HttpClient http)
    {
        string items = string.Join(',', Enumerable.Repeat("""{"x":6,"y":7}""", 40));
        using var body = new StringContent($$"""{"items": [{{items}}]}""", Encoding.UTF8);
        using HttpResponseMessage accepted = await http.PostAsync("/multiply/batch", body);
        return await accepted.ReadTaskIdAsync();
    }
}

[Long]
public sealed class ShutdownOnSqlite() : ShutdownTests(StorageProvider.Sqlite, rounds: 10);

[Long]
public sealed class ShutdownOnAzureStorage() : ShutdownTests(StorageProvider.AzureStorage, rounds: 6);
