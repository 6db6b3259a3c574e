using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using DurableLocalHost;
using FunctionApp.Tasks.Webhooks;

namespace FunctionApp.Tests.Api;

/// <summary>
/// Callers who ask different things of one task, at the moments at which it starts, ends and tells of its end: no answer is an outage, and what
/// was promised comes about then, not ten minutes later when the sweep looks at what somebody has left.
/// </summary>
public abstract class OperationRaceTests(ApiHost api)
{
    [Fact]
    public async Task Whatever_is_asked_of_a_task_at_any_moment_comes_about_soon()
    {
        _ = api.Own;
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(200);
        ConcurrentBag<string> kept = [];
        ConcurrentBag<string> deleted = [];
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (number, _) =>
        {
            var random = new Random(number);
            string start = random.Next(2) == 0 ? "&delay=3600" : "";
            string taskId = await api.Http.SubmitAsync(query: $"?webhook={Uri.EscapeDataString(receiver.Url)}{start}");
            for (int i = 0; i < 5; i++)
            {
                await Task.Delay(random.Next(100));
                using HttpResponseMessage answer = await AskAsync(random.Next(6), taskId);
                Assert.True(answer.StatusCode < HttpStatusCode.InternalServerError, $"{answer}");
                if (answer.StatusCode == HttpStatusCode.NoContent)
                {
                    deleted.Add(taskId);
                    return;
                }
            }

            kept.Add(taskId);
        });

        foreach (string taskId in kept)
        {
            using HttpResponseMessage canceled = await api.Http.CancelAsync(taskId);
            await Eventually.AreEqual(true, async () => (await api.Http.GetTaskAsync(taskId)).GetProperty("webhook").GetProperty("done").GetBoolean());
        }

        // What did not end in time is the sweep's at once.
        await api.Own.Http.RunTimerAsync("Sweep");
        foreach (string taskId in deleted)
        {
            await Eventually.AreEqual((false, false, false), async () => (
                await api.FindRowAsync(taskId) is not null,
                await api.Own.DurableClient.GetInstanceAsync(taskId) is not null,
                await api.Own.DurableClient.GetInstanceAsync(WebhookOrchestration.InstanceId(taskId)) is not null));
        }
    }

    // Azure Storage hears both who start a delivery at the same moment, as a task that ends and a caller who wants it sent again: the later start
    // begins it anew, even after it was purged (docs/reliability.md).
    private Task<HttpResponseMessage> AskAsync(int what, string taskId) => what switch
    {
        0 => api.Http.GetAsync($"/tasks/{taskId}", ("Prefer", "wait=1")),
        1 => api.Http.PatchAsync($"/tasks/{taskId}", JsonContent.Create(new { start_at = DateTimeOffset.UtcNow.AddSeconds(0.5) })),
        2 when api.Storage == StorageProvider.Sqlite => api.Http.PostAsync($"/tasks/{taskId}/webhook", content: null),
        3 => api.Http.CancelAsync(taskId),
        _ => api.Http.DeleteAsync($"/tasks/{taskId}"),
    };
}
