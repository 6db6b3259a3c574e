using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using DurableLocalHost;

namespace FunctionApp.Tests.Reliability;

/// <summary>SQLite, where work goes on as soon as the host is there again.</summary>
[Long]
[Collection(nameof(RunsAlone))]
public sealed class SqliteCrashTests(ITestOutputHelper output) : CrashTests(StorageProvider.Sqlite, output)
{
    [Fact]
    public Task No_acknowledged_task_is_lost_to_kill_9() => RunAsync(kills: 8, tasks: 250);
}

/// <summary>Azure Storage, where what a killed host had in hand comes back after a minute.</summary>
[Long]
public sealed class AzureStorageCrashTests(ITestOutputHelper output) : CrashTests(StorageProvider.AzureStorage, output)
{
    [Fact]
    public Task No_acknowledged_task_is_lost_to_kill_9() => RunAsync(kills: 5, tasks: 80);
}

/// <summary>
/// The host and its worker under load, killed again and again and started again. Azurite survives. The long form is
/// CRASH_TEST_KILLS=40 CRASH_TEST_TASKS=1200, which also waits for tasks whose submission was cut off; CRASH_TEST_SEED
/// repeats a run's choices.
/// </summary>
public abstract class CrashTests(StorageProvider storage, ITestOutputHelper output) : LocalHostTest
{
    private static readonly string[] Ways =
    [
        "host around its start", "host under load", "worker under load", "host and worker under load", "host after a row was written",
        "host while it stops",
    ];

    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 8 };

    private readonly ConcurrentDictionary<string, (int Number, DateTimeOffset At)> _acknowledged = new();
    private readonly ConcurrentDictionary<string, int> _answers = new();
    private readonly List<(string What, DateTimeOffset At)> _kills = [];
    private LocalHostProcess? _host;
    private int _submitted;

    public override async ValueTask DisposeAsync()
    {
        await StopAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected async Task RunAsync(int kills, int tasks)
    {
        kills = TestRun.Read("CRASH_TEST_KILLS", kills);
        tasks = TestRun.Read("CRASH_TEST_TASKS", tasks);
        int seed = TestRun.Read("CRASH_TEST_SEED", Environment.TickCount);
        output.WriteLine($"{storage}, seed {seed}");
        var random = new Random(seed);
        Settings["SlowMultiply__Delay"] = "00:00:00.05";
        await using StorageProxy proxy = await StorageProxy.StartAsync(Settings);

        for (int kill = 0; kill < kills || _acknowledged.Count < tasks; kill++)
        {
            // Each life may add its share; one that is killed early leaves some to the lives after it.
            int share = Math.Max(1, (tasks - _acknowledged.Count) / Math.Max(1, kills - kill));
            await LiveAndDieAsync(kill, share, random, proxy);
        }

        await GoOnAsync();
        ConcurrentBag<JsonElement> found = [];
        await Parallel.ForEachAsync(_acknowledged.Keys, AtOnce, async (taskId, _) =>
        {
            using HttpResponseMessage answer = await _host!.Http.WaitForEndAsync(taskId);
            found.Add(await _host.Http.GetTaskAsync(taskId));
        });
        JsonElement[] ended = [.. found];
        JsonElement[] wrong = Array.FindAll(ended, task => !IsRight(task));
        int left = await WaitForTheRestAsync(_host!.Http, toTheEnd: kills >= 40);
        Assert.Equal(0, await _host!.SignalAsync("TERM"));

        int updates = proxy.Requests.Count(request => request.Method == "PATCH");
        output.WriteLine($"kills {_kills.Count}: {Text(_kills.CountBy(kill => kill.What))}");
        output.WriteLine($"answers to POST: {Text(_answers)}");
        output.WriteLine($"acknowledged {ended.Length}, wrong {wrong.Length}, rows updated {updates}, cut off and not yet run {left}");
        (string What, double Seconds)[] recoveries = [.. Recoveries(ended).Order()];
        output.WriteLine("seconds from a kill to the end of a task that it interrupted:");
        foreach (IGrouping<string, double> kind in recoveries.GroupBy(recovery => recovery.What, recovery => recovery.Seconds))
        {
            output.WriteLine($"  {kind.Key}: {string.Join(", ", kind.Select(seconds => $"{seconds:0.0}"))}");
        }

        Assert.Empty(wrong);
        // Of a machine that has nothing else to do, a few seconds with SQLite; this only shows that it goes on at all.
        Assert.All(recoveries, recovery => Assert.InRange(recovery.Seconds, 0, storage is StorageProvider.Sqlite ? 30 : 150));
        Assert.All(_answers.Keys, answer => Assert.True(answer is "202" or "503" or "none", answer));
    }

    private static string Text(IEnumerable<KeyValuePair<string, int>> counts) =>
        string.Join(", ", counts.OrderBy(count => count.Key).Select(count => $"{count.Value} {count.Key}"));

    private bool IsRight(JsonElement task) =>
        task.GetProperty("status").GetString() == "Succeeded"
        && task.GetProperty("result").GetRawText() == $"{3 * _acknowledged[task.GetProperty("task_id").GetString()!].Number}";

    // A task that the kill interrupted, or that waited then, was started again after it.
    private IEnumerable<(string What, double Seconds)> Recoveries(JsonElement[] ended) => _kills.SelectMany(kill => ended
        .Where(task => _acknowledged[task.GetProperty("task_id").GetString()!].At < kill.At)
        .Where(task => task.GetProperty("started_at").GetDateTimeOffset() > kill.At)
        .Select(task => (kill.What, (task.GetProperty("ended_at").GetDateTimeOffset() - kill.At).TotalSeconds))
        .Order().Take(1));

    /// <summary>Starts the host if it does not run. With SQLite, what the last kill interrupted goes on before the next kill.</summary>
    private async Task GoOnAsync()
    {
        _host ??= await StartAsync(storage);
        if (storage is StorageProvider.Sqlite && !_acknowledged.IsEmpty)
        {
            await _host.Http.WaitForResultAsync(_acknowledged.MaxBy(task => task.Value.At).Key);
        }
    }

    /// <summary>One life of the host or its worker.</summary>
    private async Task LiveAndDieAsync(int kill, int share, Random random, StorageProxy proxy)
    {
        string way = Ways[kill % Ways.Length];
        if (way == "host around its start")
        {
            await StopAsync();
            _host = Launch(storage);
            await Task.Delay(random.Next(100, 2_500));
            await KillAsync(way);
            await StopAsync();
            return;
        }

        await GoOnAsync();
        int worker = await _host!.FindWorkerAsync();
        Task load = SubmitAsync(_host.Http, share);
        switch (way)
        {
            case "host after a row was written":
                await KillAfterRowAsync(way, proxy, rows: random.Next(1, Math.Min(share, 20)));
                break;
            case "host while it stops":
                await load;
                Task<int> exit = _host.SignalAsync("TERM");
                await Task.Delay(random.Next(300));
                await KillAsync(way);
                await exit;
                break;
            default:
                await Task.Delay(random.Next(500));
                if (way.Contains("worker"))
                {
                    LocalHostProcess.Kill(worker);
                }

                if (way.Contains("host"))
                {
                    await KillAsync(way);
                }
                else
                {
                    _kills.Add((way, DateTimeOffset.UtcNow));
                }

                break;
        }

        await load;
        if (_kills[^1].What != "worker under load")
        {
            await StopAsync();
        }
    }

    private async Task KillAsync(string way)
    {
        _host!.Kill();
        _kills.Add((way, DateTimeOffset.UtcNow));
        await _host.WaitForExitAsync();
    }

    private async Task StopAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
            _host = null;
        }
    }

    private async Task KillAfterRowAsync(string way, StorageProxy proxy, int rows)
    {
        LocalHostProcess host = _host!;
        proxy.Done = context =>
        {
            if (StorageProxy.IsUpdate(context, Settings["ResultsTable"]!) && Interlocked.Decrement(ref rows) == 0)
            {
                host.Kill();
            }
        };
        await Task.WhenAny(host.WaitForExitAsync(), Task.Delay(TimeSpan.FromSeconds(5)));
        proxy.Done = null;
        await KillAsync(rows <= 0 ? way : "host under load");
    }

    private Task SubmitAsync(HttpClient http, int count) =>
        Parallel.ForEachAsync(Enumerable.Range(0, count), AtOnce, async (_, _) =>
        {
            int n = Interlocked.Increment(ref _submitted);
            string answer = "none";
            try
            {
                using HttpResponseMessage response = await http.PostAsync($$"""{"x": {{n}}, "y": 3}""");
                answer = $"{(int)response.StatusCode}";
                if (response.StatusCode == HttpStatusCode.Accepted)
                {
                    _acknowledged[await response.ReadTaskIdAsync()] = (n, DateTimeOffset.UtcNow);
                }
                else if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
                {
                    await ProblemAssert.IsUnavailableAsync(response);
                }
                else
                {
                    answer += $": {await response.Content.ReadAsStringAsync()}";
                }
            }
            catch (Exception e) when (e is HttpRequestException or SocketException)
            {
                // Killed before it was acknowledged.
            }

            _answers.AddOrUpdate(answer, 1, (_, count) => count + 1);
        });

    // A submission that was cut off may have left a row: who reads it when it is a minute old starts it.
    private static async Task<int> WaitForTheRestAsync(HttpClient http, bool toTheEnd)
    {
        string[] unfinished = await http.ListAsync("/tasks?limit=100&status=Pending&status=Running");
        foreach (string taskId in toTheEnd ? unfinished : [])
        {
            using HttpResponseMessage answer = await http.WaitForEndAsync(taskId);
        }

        return unfinished.Length;
    }
}
