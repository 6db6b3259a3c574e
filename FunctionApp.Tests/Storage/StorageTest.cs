using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using FunctionApp.Tasks;
using FunctionApp.Tasks.Batches;
using FunctionApp.Tasks.Upkeep;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Moq;

namespace FunctionApp.Tests.Storage;

/// <summary>What reads and writes rows, on a real Azurite and with a durable client that only remembers what was started.</summary>
public abstract class StorageTest : IAsyncLifetime
{
    protected StorageTest()
    {
        Client.Setup(client => client.ScheduleNewOrchestrationInstanceAsync(
                It.Is<TaskName>(name => name.Name == nameof(TaskOrchestration) || name.Name == nameof(BatchOrchestration)), It.IsAny<OrchestrationInput>(), It.IsAny<StartOrchestrationOptions>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync((TaskName _, object input, StartOrchestrationOptions options, CancellationToken _) =>
            {
                if (StartFailure is { } failure)
                {
                    throw failure;
                }

                lock (Started)
                {
                    Started.Add((TaskId.Parse(options.InstanceId!), (OrchestrationInput)input));
                }

                return options.InstanceId!;
            });
    }

    protected TableClient Table { get; private set; } = null!;

    protected TableClient Keys { get; private set; } = null!;

    protected TableClient ItemsClient { get; private set; } = null!;

    protected TableClient OpenTable { get; private set; } = null!;

    protected OpenTasks Open { get; private set; } = null!;

    protected BlobContainerClient Container { get; private set; } = null!;

    protected TaskBlobs Blobs { get; private set; } = null!;

    protected TaskTable Tasks { get; private set; } = null!;

    protected TaskCreator Creator { get; private set; } = null!;

    protected Mock<DurableTaskClient> Client { get; } = new(MockBehavior.Strict, "test");

    protected IList<(TaskId Id, OrchestrationInput Start)> Started { get; } = [];

    /// <summary>What the durable client throws instead of starting an orchestration.</summary>
    protected Exception? StartFailure { get; set; }

    protected WorkPlaces Places { get; } = new(new HostSettings(null, 100), TimeProvider.System);

    public virtual async ValueTask InitializeAsync()
    {
        string connectionString = await SharedAzurite.ConnectionStringAsync();
        string name = $"t{Guid.NewGuid():N}";
        Table = new TableClient(connectionString, name);
        Keys = new TableClient(connectionString, name + "keys");
        ItemsClient = new TableClient(connectionString, name + "items");
        Tasks = new TaskTable(Table);
        Container = new BlobContainerClient(connectionString, name);
        Blobs = new TaskBlobs(Container);
        OpenTable = new TableClient(connectionString, name + "open");
        Open = new OpenTasks(OpenTable);
        Creator = new TaskCreator(
            Tasks, new KeysTable(Keys), new ItemsTable(ItemsClient), Open, TimeProvider.System, NullLogger<TaskCreator>.Instance);
        await Tasks.CreateIfNotExistsAsync();
        await new KeysTable(Keys).CreateIfNotExistsAsync();
        await Open.CreateIfNotExistsAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Table.DeleteAsync();
        await Keys.DeleteAsync();
        await ItemsClient.DeleteAsync();
        await OpenTable.DeleteAsync();
        await Container.DeleteIfExistsAsync();
        GC.SuppressFinalize(this);
    }

    protected static TaskRow NewRow(TaskId? id = null, string input = "{}") => new(id ?? TaskId.Create(DateTimeOffset.UtcNow))
    {
        Kind = "test",
        Activity = "DoWork",
        Input = new BinaryData(input),
        TimeLimit = 60_000,
        Status = RowStatus.Pending,
    };

    /// <summary>Lets the durable client know an orchestration, or (null) none.</summary>
    protected void Instance(TaskId id, OrchestrationRuntimeStatus? status, string? output = null)
    {
        OrchestrationMetadata? instance = status is null ? null : new OrchestrationMetadata(nameof(TaskOrchestration), id.ToString())
        {
            RuntimeStatus = status.Value,
            SerializedOutput = output,
        };
        Client.Setup(client => client.GetInstanceAsync(id.ToString(), It.IsAny<bool>(), It.IsAny<CancellationToken>())).ReturnsAsync(instance);
    }

    /// <summary>A new task, as its activity gets it.</summary>
    protected async Task<TaskAttempt> InsertAsync(TimeSpan? limit = null, int attempt = 1, TaskId? id = null, DateTimeOffset? startBy = null)
    {
        TaskRow row = NewRow(id);
        row.StartBy = startBy;
        ETag etag = (await Tasks.InsertAsync(row, default))!.Value;
        return new(row.Id.ToString(), NewStart(limit) with { ETag = etag.ToString(), StartBy = startBy }, attempt);
    }

    protected static OrchestrationInput NewStart(TimeSpan? limit = null) => new(
        "DoWork", "{}", limit ?? TimeSpan.FromMinutes(1), MaxAttempts: 25, FirstAttempt: 1, "etag", StartAt: null, StartBy: null, Items: 0, HasWebhook: false, TraceParent: null);

    protected async Task<TaskRow> ReadAsync(TaskAttempt attempt) =>
        (await Tasks.FindAsync(TaskId.Parse(attempt.TaskId), default))!;

    /// <summary>Runs a task's activity.</summary>
    /// <param name="time">The clock of the instance that it runs on.</param>
    protected Task RunAsync<TResult>(
        TaskAttempt attempt, Func<TaskProgress, CancellationToken, Task<TResult>> work, TimeProvider? time = null, CancellationToken stopping = default) =>
        new TaskRunner(Tasks, Blobs, Places, time ?? TimeProvider.System, NullLogger<TaskRunner>.Instance)
            .RunAsync(new TestKind<TResult>(work), attempt, stopping);

    private sealed class TestKind<TResult>(Func<TaskProgress, CancellationToken, Task<TResult>> work) : TaskKind<JsonElement, TResult>("test", "DoWork")
    {
        public override JsonElement Read(JsonMembers body) => default;

        public override Task<TResult> ComputeAsync(JsonElement input, TaskProgress progress, CancellationToken cancellationToken) =>
            work(progress, cancellationToken);
    }
}
