using System.Diagnostics;
using DurableLocalHost;

namespace FunctionApp.Tests.Storage;

/// <summary>What a task costs in Azure: the requests that a real Azurite gets, seen by a proxy before it. docs/scale.md has the prices.</summary>
public class StorageRequestsTests(ITestOutputHelper output) : LocalHostTest
{
    private const int Tasks = 10;

    [Long]
    [Fact]
    public async Task A_short_task_is_two_requests_beside_the_fourteen_of_Durable_Functions_and_its_reader_one()
    {
        await using StorageProxy storage = await StorageProxy.StartAsync(Settings);
        await using LocalHostProcess host = await StartAsync(StorageProvider.AzureStorage);
        await RunAsync(host, storage);
        int before = storage.Requests.Count;

        (string[] ids, int late) = await RunAsync(host, storage);

        (string Method, string Target)[] requests = [.. Since(before)];
        Assert.Equal(Tasks, requests.Count(request => IsRow(request) && request.Method == "POST"));
        // A task that had to wait for more than a second is marked as running, too.
        Assert.InRange(requests.Count(request => IsRow(request) && request.Method == "PATCH"), Tasks, Tasks + late);
        // Looking for messages is paid by the hour, not by the task, and so are leases.
        Assert.InRange(requests.Count(request => !IsRow(request) && !IsPoll(request)), 13 * Tasks, 15 * Tasks);

        before = storage.Requests.Count;
        await host.Http.WaitForResultAsync(ids[0]);
        (string, string Target) poll = Assert.Single(storage.Requests.Skip(before), request => request.Target.Contains($"/{Settings["ResultsTable"]}("));
        Assert.Contains("select=", poll.Target);
        Assert.DoesNotContain("Input%2C", poll.Target);

        IEnumerable<(string Method, string Target)> Since(int count) =>
            storage.Requests.Skip(count).Select(request => (request.Method, Uri.UnescapeDataString(request.Target.Split('?')[0])));
    }

    [Long]
    [Fact]
    public async Task A_batch_of_1000_items_is_less_than_half_a_request_for_each()
    {
        await using StorageProxy storage = await StorageProxy.StartAsync(Settings);
        await using LocalHostProcess host = await StartAsync(StorageProvider.AzureStorage);
        await RunAsync(host, storage);
        int before = storage.Requests.Count;

        using var items = new StringContent($$"""{"items": [{{string.Join(',', Enumerable.Repeat("""{"x":6,"y":7}""", 1_000))}}]}""");
        using HttpResponseMessage accepted = await host.Http.PostAsync("/multiply/batch", items);
        await host.Http.WaitForStatusAsync((await accepted.ReadJsonAsync()).GetProperty("task_id").GetString()!, "Succeeded");

        int requests = storage.Requests.Skip(before).Count(request => !IsPoll(request));
        output.WriteLine($"{requests} requests");
        Assert.InRange(requests, 100, 499);
    }

    // The tables of the task hub begin with the same name.
    private bool IsRow((string Method, string Target) request) =>
        request.Target.Split('(')[0].EndsWith($"/{Settings["ResultsTable"]}");

    private static bool IsPoll((string Method, string Target) request) =>
        (request.Method == "GET" && request.Target.Split('?')[0].EndsWith("/messages"))
        || request.Target.Contains("Partitions(")
        || request.Target.Contains("lease");

    private static async Task<(string[] Ids, int Late)> RunAsync(LocalHostProcess host, StorageProxy storage)
    {
        List<string> ids = [];
        int late = 0;
        int deleted = Deleted();
        for (int i = 0; i < Tasks; i++)
        {
            long start = Stopwatch.GetTimestamp();
            ids.Add(await host.Http.SubmitAsync("6", "7"));
            await host.Http.WaitForResultAsync(ids[^1]);
            late += Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(1) ? 1 : 0;
        }

        // The last turn goes on after its result is there; each task's three messages are deleted at last.
        await Eventually.AreEqual(deleted + (3 * Tasks), () => Task.FromResult(Deleted()));
        return ([.. ids], late);

        int Deleted() => storage.Requests.Count(request => request.Method == "DELETE");
    }
}
