using DurableLocalHost.Sqlite;
using DurableTask.Core;

namespace FunctionApp.Tests.LocalHost;

/// <summary>What may happen to the file: refused at start, locked, and as a crash leaves it at any moment.</summary>
public sealed class SqliteFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    private string FilePath => Path.Combine(_folder.FullName, "test.db");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("PRAGMA application_id = 1", "is not a database of this host")]
    [InlineData("PRAGMA user_version = 3", "was written by another version of this host")]
    public void A_foreign_file_is_refused_in_one_line(string change, string reason)
    {
        new SqliteFile(FilePath).Dispose();
        using (var other = new Statements(FilePath))
        {
            other.Execute(change);
        }

        AssertRefused(reason);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    public void A_damaged_file_is_refused_in_one_line(int position)
    {
        new SqliteFile(FilePath).Dispose();
        byte[] bytes = File.ReadAllBytes(FilePath);
        bytes.AsSpan(position, 100).Fill(0x55);
        File.WriteAllBytes(FilePath, bytes);
        AssertRefused("damaged");
    }

    [Fact]
    public async Task A_write_that_cannot_be_committed_fails_when_its_patience_ends_and_others_wait()
    {
        using var file = new SqliteFile(FilePath);
        using var other = new Statements(FilePath);
        other.Execute("BEGIN IMMEDIATE");
        Task<bool> patient = file.Commits.WriteAsync(TimeSpan.MaxValue, db => InsertHistory(db, 1));
        Task<bool> hasty = file.Commits.WriteAsync(TimeSpan.FromSeconds(0.1), db => InsertHistory(db, 2));

        SqliteFileException failure = await Assert.ThrowsAsync<SqliteFileException>(() => hasty);
        Assert.StartsWith($"{FilePath} cannot be written: ", failure.Message);
        Assert.False(patient.IsCompleted);
        other.Execute("ROLLBACK");
        await patient;
        Assert.Equal([1], Turns(file));
    }

    [Fact]
    public async Task A_write_that_is_wrong_fails_alone()
    {
        using var file = new SqliteFile(FilePath);
        using var other = new Statements(FilePath);
        other.Execute("BEGIN IMMEDIATE");
        Task<bool> before = file.Commits.WriteAsync(TimeSpan.MaxValue, db => InsertHistory(db, 1));
        Task<bool> wrong = file.Commits.WriteAsync(TimeSpan.MaxValue, db => InsertHistory(db, 1));
        Task<bool> after = file.Commits.WriteAsync(TimeSpan.MaxValue, db => InsertHistory(db, 2));
        other.Execute("ROLLBACK");

        await Assert.ThrowsAsync<SqliteFileException>(() => wrong);
        await Task.WhenAll(before, after);
        Assert.Equal([1, 2], Turns(file));
    }

    [Fact]
    public async Task What_is_written_after_the_end_fails()
    {
        var file = new SqliteFile(FilePath);
        file.Dispose();
        await Assert.ThrowsAsync<SqliteFileException>(() => file.Commits.WriteAsync(TimeSpan.MaxValue, _ => null));
    }

    [Fact]
    public async Task Task_hubs_do_not_see_each_other()
    {
        await using (Hub one = await Hub.StartAsync(FilePath, "one"))
        {
            Assert.Equal("3", (await one.EndAsync(await one.Client.CreateOrchestrationInstanceAsync(typeof(Steps), "a", 1))).Output);
        }

        await using Hub two = await Hub.StartAsync(FilePath, "two");
        Assert.Null(await two.Client.GetOrchestrationStateAsync("a"));
        Assert.Equal("4", (await two.EndAsync(await two.Client.CreateOrchestrationInstanceAsync(typeof(Steps), "a", 2))).Output);
    }

    // A copy of the files at any moment is what a crash at that moment leaves.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Work_goes_on_after_a_crash_at_any_moment(int seed)
    {
        var random = new Random(seed);
        string path = FilePath;
        Hub hub = await Hub.StartAsync(path);
        OrchestrationInstance[] instances = [.. await Task.WhenAll(Enumerable.Range(0, 10).Select(
            number => hub.Client.CreateOrchestrationInstanceAsync(typeof(Steps), $"i{number}", number)))];
        for (int crash = 0; crash < 8; crash++)
        {
            await Task.Delay(random.Next(40));
            string copy = Path.Combine(_folder.FullName, $"{crash}.db");
            File.Copy(path, copy);
            File.Copy($"{path}-wal", $"{copy}-wal");
            await hub.DisposeAsync();
            path = copy;
            hub = await Hub.StartAsync(path);
        }

        foreach (OrchestrationInstance instance in instances)
        {
            OrchestrationState end = await hub.EndAsync(instance);
            Assert.Equal($"{int.Parse(instance.InstanceId[1..]) + 2}", end.Output);
        }

        await hub.DisposeAsync();
    }

    private static Action? InsertHistory(Statements db, int turn)
    {
        db.Execute("INSERT OR IGNORE INTO instances VALUES (1, 'h', 'i', 'e', 0, 0, 1, 0, 0, '', '')");
        db.Execute("INSERT INTO history VALUES (1, $1, '')", turn);
        return null;
    }

    private static List<int> Turns(SqliteFile file) =>
        file.Read(db => db.Query("SELECT turn FROM history ORDER BY turn", row => row.GetInt32(0)));

    private void AssertRefused(string reason)
    {
        string message = Assert.Throws<SqliteFileException>(() => new SqliteFile(FilePath)).Message;
        Assert.StartsWith(FilePath, message);
        Assert.Contains(reason, message);
        Assert.DoesNotContain('\n', message);
    }

    /// <summary>Adds one to its input twice: by an activity, and after a timer by a sub-orchestration.</summary>
    public sealed class Steps : TaskOrchestration<int, int>
    {
        public override async Task<int> RunTask(OrchestrationContext context, int input)
        {
            int sum = await context.ScheduleTask<int>(typeof(AddOne), input);
            await context.CreateTimer(context.CurrentUtcDateTime.AddMilliseconds(50), 0);
            return await context.CreateSubOrchestrationInstance<int>(typeof(AddsOne), sum);
        }
    }

    public sealed class AddsOne : TaskOrchestration<int, int>
    {
        public override Task<int> RunTask(OrchestrationContext context, int input) => context.ScheduleTask<int>(typeof(AddOne), input);
    }

    public sealed class AddOne : TaskActivity<int, int>
    {
        protected override int Execute(TaskContext context, int input) => input + 1;
    }

    /// <summary>DurableTask.Core's own worker and client on a task hub.</summary>
    private sealed class Hub : IAsyncDisposable
    {
        private readonly SqliteFile _file;
        private readonly TaskHubWorker _worker;

        private Hub(string path, string name)
        {
            _file = new SqliteFile(path);
            var service = new SqliteOrchestrationService(_file, name, 10, 10);
            _worker = new TaskHubWorker(service);
            _worker.AddTaskOrchestrations(typeof(Steps), typeof(AddsOne));
            _worker.AddTaskActivities(typeof(AddOne));
            Client = new TaskHubClient(service);
        }

        public TaskHubClient Client { get; }

        public static async Task<Hub> StartAsync(string path, string name = "hub")
        {
            var hub = new Hub(path, name);
            await hub._worker.StartAsync();
            return hub;
        }

        public Task<OrchestrationState> EndAsync(OrchestrationInstance instance) =>
            Client.WaitForOrchestrationAsync(instance, TimeSpan.FromSeconds(30));

        public async ValueTask DisposeAsync()
        {
            await _worker.StopAsync(isForced: true);
            _worker.Dispose();
            _file.Dispose();
        }
    }
}
