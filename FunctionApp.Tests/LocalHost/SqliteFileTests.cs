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

    [Fact]
    public async Task A_file_of_the_first_version_is_upgraded_and_its_work_goes_on()
    {
        using (var first = new Statements(FilePath))
        {
            first.Execute(FirstVersion);
        }

        await using Hub hub = await Hub.StartAsync(FilePath);
        OrchestrationState ended = (await hub.Client.GetOrchestrationStateAsync("ended"))!;
        Assert.Equal(("7", "\"custom\"", "9"), (ended.Input, ended.Status, ended.Output));
        Assert.Equal(new DateTime(2026, 11, 28, 1, 45, 44, 290, DateTimeKind.Utc), ended.CompletedTime);
        Assert.Equal("5", (await hub.EndAsync(new OrchestrationInstance { InstanceId = "waiting" })).Output);
        Assert.Equal("6", (await hub.EndAsync(new OrchestrationInstance { InstanceId = "timed" })).Output);
    }

    // More than is kept in memory.
    [Fact]
    public async Task A_long_queue_is_worked_off()
    {
        await using (Hub before = new(FilePath, "hub"))
        {
            await Task.WhenAll(Enumerable.Range(0, 1_200).Select(number => before.Client.CreateOrchestrationInstanceAsync(typeof(Doubles), $"i{number}", number)));
        }

        await using Hub hub = await Hub.StartAsync(FilePath);
        OrchestrationInstance many = await hub.Client.CreateOrchestrationInstanceAsync(typeof(AddsOneToMany), "many", 1_200);
        Assert.Equal("1200", (await hub.EndAsync(many)).Output);
        for (int number = 0; number < 1_200; number++)
        {
            Assert.Equal($"{2 * number}", (await hub.EndAsync(new OrchestrationInstance { InstanceId = $"i{number}" })).Output);
        }
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

    // With an instance that has ended, one that has its start before it, and one whose start was put off.
    private const string FirstVersion =
        """
        PRAGMA application_id = 0x536C4D75;
        PRAGMA user_version = 1;
        CREATE TABLE instances (key INTEGER PRIMARY KEY, hub TEXT NOT NULL, id TEXT NOT NULL, execution TEXT NOT NULL, status INTEGER NOT NULL,
          created INTEGER NOT NULL, alive INTEGER NOT NULL, state TEXT NOT NULL);
        CREATE UNIQUE INDEX instances_by_id ON instances (hub, id);
        CREATE INDEX instances_alive ON instances (hub) WHERE alive;
        CREATE TABLE history (instance INTEGER NOT NULL REFERENCES instances ON DELETE CASCADE, turn INTEGER NOT NULL, events TEXT NOT NULL,
          PRIMARY KEY (instance, turn)) WITHOUT ROWID;
        CREATE TABLE messages (seq INTEGER PRIMARY KEY, instance INTEGER NOT NULL REFERENCES instances ON DELETE CASCADE, execution TEXT,
          is_activity INTEGER NOT NULL, event TEXT NOT NULL, context TEXT);
        CREATE INDEX messages_by_instance ON messages (instance);
        CREATE TRIGGER instance_ended AFTER UPDATE OF alive ON instances WHEN NOT new.alive BEGIN
          DELETE FROM messages WHERE instance = new.key AND NOT is_activity;
        END;
        CREATE TRIGGER instance_continued_as_new AFTER UPDATE OF execution ON instances WHEN new.execution <> old.execution BEGIN
          DELETE FROM history WHERE instance = new.key;
        END;
        INSERT INTO instances VALUES
          (1, 'hub', 'ended', 'e1', 1, 639314271396660650, 0, '{"CompletedTime":"2026-11-28T01:45:44.29Z","CreatedTime":"2026-11-28T01:45:39.666065Z",
            "Input":"7","LastUpdatedTime":"2026-11-28T01:45:44.3Z","Name":"Steps","OrchestrationInstance":{"InstanceId":"ended","ExecutionId":"e1"},
            "OrchestrationStatus":1,"Output":"9","Status":"\"custom\""}'),
          (2, 'hub', 'waiting', 'e2', 6, 639314271396660650, 1, '{"CompletedTime":"9999-12-30T23:59:59.9999999Z","CreatedTime":"2026-11-28T01:45:39.666065Z",
            "Input":"3","LastUpdatedTime":"2026-11-28T01:45:39.7Z","Name":"FunctionApp.Tests.LocalHost.SqliteFileTests+Steps",
            "OrchestrationInstance":{"InstanceId":"waiting","ExecutionId":"e2"},"OrchestrationStatus":6}'),
          (3, 'hub', 'timed', 'e3', 6, 639314271396660650, 1, '{"CompletedTime":"9999-12-30T23:59:59.9999999Z","CreatedTime":"2026-11-28T01:45:39.666065Z",
            "Input":"4","LastUpdatedTime":"2026-11-28T01:45:39.7Z","Name":"FunctionApp.Tests.LocalHost.SqliteFileTests+Steps",
            "OrchestrationInstance":{"InstanceId":"timed","ExecutionId":"e3"},"OrchestrationStatus":6,"ScheduledStartTime":"2026-11-28T01:45:41Z"}');
        INSERT INTO messages VALUES
          (4, 2, 'e2', 0, '0,{"OrchestrationInstance":{"InstanceId":"waiting","ExecutionId":"e2"},"EventType":0,"Version":"","Input":"3",
            "Name":"FunctionApp.Tests.LocalHost.SqliteFileTests+Steps","EventId":-1,"IsPlayed":false,"Timestamp":"2026-11-28T01:45:39.666065Z"}', NULL),
          (5, 3, 'e3', 0, '0,{"OrchestrationInstance":{"InstanceId":"timed","ExecutionId":"e3"},"EventType":0,"Version":"","Input":"4",
            "ScheduledStartTime":"2026-11-28T01:45:41Z",
            "Name":"FunctionApp.Tests.LocalHost.SqliteFileTests+Steps","EventId":-1,"IsPlayed":false,"Timestamp":"2026-11-28T01:45:39.666065Z"}', NULL);
        """;

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

    public sealed class Doubles : TaskOrchestration<int, int>
    {
        public override Task<int> RunTask(OrchestrationContext context, int input) => Task.FromResult(2 * input);
    }

    /// <summary>Adds one to each of so many zeros, at once.</summary>
    public sealed class AddsOneToMany : TaskOrchestration<int, int>
    {
        public override async Task<int> RunTask(OrchestrationContext context, int input) =>
            (await Task.WhenAll(Enumerable.Range(0, input).Select(_ => context.ScheduleTask<int>(typeof(AddOne), 0)))).Sum();
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

        public Hub(string path, string name)
        {
            _file = new SqliteFile(path);
            var service = new SqliteOrchestrationService(_file, name, 10, 10);
            _worker = new TaskHubWorker(service);
            _worker.AddTaskOrchestrations(typeof(Steps), typeof(AddsOne), typeof(AddsOneToMany), typeof(Doubles));
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
            Client.WaitForOrchestrationAsync(instance, TimeSpan.FromSeconds(60));

        public async ValueTask DisposeAsync()
        {
            await _worker.StopAsync(isForced: true);
            _worker.Dispose();
            _file.Dispose();
        }
    }
}
