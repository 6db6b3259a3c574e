using System.Collections.Concurrent;
using Azure.Data.Tables;
using FunctionApp.Emulator.Durable;
using FunctionApp.Tests.Api;

namespace FunctionApp.Tests.Emulator;

/// <summary>
/// The emulator as its own process under load, killed again and again and started again. Azurite survives. The long
/// form is CRASH_TEST_KILLS=40 CRASH_TEST_TASKS=1200; CRASH_TEST_SEED repeats a run's choices.
/// </summary>
public sealed class CrashTests(ITestOutputHelper output) : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("crash-");
    private readonly Dictionary<string, string?> _settings = AzuriteFixture.NewAppSettings(("SlowMultiply__Delay", "00:00:00.05"));
    private readonly ConcurrentDictionary<string, int> _acknowledged = new();
    private int _submitted;

    private string JournalFile => Path.Combine(_data.FullName, "journal.db");

    [Fact]
    public async Task No_acknowledged_task_is_lost_to_kill_9()
    {
        int kills = TestRun.Read("CRASH_TEST_KILLS", 8);
        int tasks = TestRun.Read("CRASH_TEST_TASKS", 240);
        int seed = TestRun.Read("CRASH_TEST_SEED", Environment.TickCount);
        var random = new Random(seed);
        var results = new TableClient(_settings["AzureWebJobsStorage"], _settings["ResultsTable"]);
        await using StorageProxy storage = await StorageProxy.StartAsync(_settings);
        Dictionary<string, int> moments = [];

        for (int kill = 0; kill < kills || _acknowledged.Count < tasks; kill++)
        {
            // Each life may add its share; one that is killed early leaves some to the lives after it.
            int share = Math.Max(1, (tasks - _acknowledged.Count) / Math.Max(1, kills - kill));
            string moment = await LiveAndDieAsync(kill % 4, share, random, storage);
            moments[moment] = moments.GetValueOrDefault(moment) + 1;
        }

        using EmulatorProcess last = await EmulatorProcess.StartAsync(_data.FullName, _settings);
        string[] wrong =
        [
            .. (await Task.WhenAll(_acknowledged.Select(async task =>
                (task.Key, Right: await last.Http.WaitForResultAsync(task.Key) == $"{3 * task.Value}"))))
                .Where(task => !task.Right).Select(task => task.Key),
        ];
        await WaitUntilNoneIsUnfinishedAsync();
        Assert.Equal(0, await last.SignalAsync("TERM"));

        List<string> rows = await results.QueryAsync<TableEntity>(select: ["PartitionKey"]).Select(row => row.PartitionKey).ToListAsync();
        string[] upserts = [.. storage.Requests.Where(request => request.StartsWith("PUT ", StringComparison.Ordinal))];
        output.WriteLine($"seed {seed}");
        output.WriteLine($"kills {moments.Values.Sum()}: {string.Join(", ", moments.OrderBy(moment => moment.Key).Select(moment => $"{moment.Value} {moment.Key}"))}");
        output.WriteLine($"acknowledged {_acknowledged.Count}, finished {_acknowledged.Count - wrong.Length}, lost {wrong.Length}");
        output.WriteLine($"activities that got as far as their row {upserts.Length}, re-run {upserts.Length - upserts.Distinct().Count()}");
        Assert.Empty(wrong);
        Assert.All(_acknowledged.Keys, task => Assert.Single(rows, task));
        using var journal = new Journal(JournalFile);
        Assert.Empty(journal.LoadUnfinished());
    }

    public void Dispose() => _data.Delete(recursive: true);

    /// <summary>One life of the emulator; returns when it was killed.</summary>
    private async Task<string> LiveAndDieAsync(int kind, int share, Random random, StorageProxy storage)
    {
        using var emulator = new EmulatorProcess(_data.FullName, _settings);
        if (kind == 0)
        {
            await Task.Delay(random.Next(100, 800));
            emulator.Kill();
            return "around the start";
        }

        await emulator.WaitUntilStartedAsync();
        Task load = SubmitAsync(emulator.Http, share);
        bool asPlanned = kind switch
        {
            1 => await KillAfterRowAsync(emulator, storage, rows: random.Next(1, 20)),
            2 => await KillDuringCheckpointAsync(emulator, load),
            _ => await KillUnderLoadAsync(emulator, TimeSpan.FromMilliseconds(random.Next(300))),
        };
        await load;
        return (kind, asPlanned) switch
        {
            (1, true) => "between a row and its commit",
            (2, true) => "during a checkpoint",
            _ => "under load",
        };
    }

    // False if the load had fewer rows left to write.
    private static async Task<bool> KillAfterRowAsync(EmulatorProcess emulator, StorageProxy storage, int rows)
    {
        storage.RowWritten = () =>
        {
            if (Interlocked.Decrement(ref rows) == 0)
            {
                emulator.Kill();
            }
        };
        await Task.WhenAny(emulator.WaitForExitAsync(), Task.Delay(TimeSpan.FromSeconds(5)));
        storage.RowWritten = null;
        emulator.Kill();
        return rows <= 0;
    }

    // The journal's own file is only written by checkpoints, and the last connection makes one as it closes. False if
    // that was over before the kill: then the log is gone.
    private async Task<bool> KillDuringCheckpointAsync(EmulatorProcess emulator, Task load)
    {
        await load;
        DateTime before = File.GetLastWriteTimeUtc(JournalFile);
        Task<int> exit = emulator.SignalAsync("TERM");
        while (!exit.IsCompleted)
        {
            if (File.GetLastWriteTimeUtc(JournalFile) != before)
            {
                emulator.Kill();
            }
        }

        await exit;
        return new FileInfo($"{JournalFile}-wal") is { Exists: true, Length: > 0 };
    }

    private static async Task<bool> KillUnderLoadAsync(EmulatorProcess emulator, TimeSpan after)
    {
        await Task.Delay(after);
        emulator.Kill();
        return true;
    }

    private Task SubmitAsync(HttpClient http, int count) =>
        Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) =>
        {
            int n = Interlocked.Increment(ref _submitted);
            try
            {
                _acknowledged[await http.SubmitAsync($"{n}", "3")] = n;
            }
            catch (HttpRequestException)
            {
                // Killed before it was acknowledged.
            }
        });

    // Tasks whose submission was cut off may have been accepted; they must end too.
    private async Task WaitUntilNoneIsUnfinishedAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (CountUnfinished() > 0)
        {
            await Task.Delay(100, patience.Token);
        }
    }

    private long CountUnfinished()
    {
        using var reader = new SqliteStatements($"Data Source={JournalFile};Mode=ReadOnly;Pooling=false");
        return (long)reader.Scalar("SELECT count(*) FROM instances WHERE status IN (0, 6)", [])!;
    }
}
