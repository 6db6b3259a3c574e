using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using DurableLocalHost;

namespace FunctionApp.Tests.Api;

/// <summary>LocalHost as it is by default; a task takes half a second.</summary>
public sealed class BriefApi() : ApiHost(StorageProvider.Sqlite, TimeSpan.FromSeconds(0.5));

/// <summary>What a cancellation answers holds, whenever it comes.</summary>
[Long]
[Collection(nameof(RunsAlone))]
public class CancelRaceTests(BriefApi api) : IClassFixture<BriefApi>
{
    [Fact]
    public async Task Of_1000_tasks_canceled_at_a_random_moment_each_has_one_end_and_it_is_what_the_cancellation_answered()
    {
        _ = api.Own;
        var random = new Random(1);
        using var turns = new SemaphoreSlim(32);
        ConcurrentDictionary<string, string> answered = new();
        (int Submit, int Cancel)[] moments = [.. Enumerable.Range(0, 1_000).Select(n => (n * 12, random.Next(0, 1_500)))];
        await Task.WhenAll(moments.Select(async moment =>
        {
            await Task.Delay(moment.Submit);
            string taskId = await InTurnAsync(() => api.Http.SubmitAsync("6", "7"));
            await Task.Delay(moment.Cancel);
            using HttpResponseMessage answer = await InTurnAsync(() => api.Http.CancelAsync(taskId));
            Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Conflict, $"{answer}");
            JsonElement body = await answer.ReadJsonAsync();
            answered[taskId] = answer.StatusCode == HttpStatusCode.OK
                ? body.GetProperty("status").GetString()!
                : body.GetProperty("task_status").GetString()!;
        }));

        // A small machine should answer each in time.
        async Task<T> InTurnAsync<T>(Func<Task<T>> send)
        {
            await turns.WaitAsync();
            try
            {
                return await send();
            }
            finally
            {
                turns.Release();
            }
        }

        await Task.Delay(2_000); // what is still computed has ended

        Assert.Equal(["Canceled", "Succeeded"], answered.Values.Distinct().Order());
        await Parallel.ForEachAsync(answered, async (task, _) =>
        {
            (string taskId, string status) = task;
            JsonElement now = await api.Http.GetTaskAsync(taskId);
            Assert.Equal(status, now.GetProperty("status").GetString());
            Assert.Equal(status == "Succeeded", now.TryGetProperty("result", out JsonElement _));
            using HttpResponseMessage result = await api.Http.GetAsync($"/multiply/{taskId}", CancellationToken.None);
            Assert.Equal(status == "Succeeded" ? HttpStatusCode.OK : HttpStatusCode.NotFound, result.StatusCode);
        });
    }
}
