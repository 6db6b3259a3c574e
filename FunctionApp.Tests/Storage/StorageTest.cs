using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using FunctionApp.Tasks;
using FunctionApp.Tasks.Batches;
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
                new TaskName(nameof(TaskOrchestration)), It.IsAny<TaskStart>(), It.IsAny<StartOrchestrationOptions>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync((TaskName _, object input, StartOrchestrationOptions options, CancellationToken _) =>
            {
                if (StartFailure is { } failure)
                {
                    throw failure;
                }

                lock (Started)
                {
                    Started.Add((TaskId.Parse(options.InstanceId!), (TaskStart)input));
                }

                return options.InstanceId!;
            });
    }

    protected TableClient Table { get; private set; } = null!;

    protected TableClient Keys { get; private set; } = null!;

    protected TaskTable Tasks { get; private set; } = null!;

    protected TaskStarter Starter { get; private set; } = null!;

    protected Mock<DurableTaskClient> Client { get; } = new(MockBehavior.Strict, "test");

    protected IList<(TaskId Id, TaskStart Start)> Started { get; } = [];

    /// <summary>What the durable client throws instead of starting an orchestration.</summary>
    protected Exception? StartFailure { get; set; }

    protected TaskRunner Runner => new(Tasks, TimeProvider.System, NullLogger<TaskRunner>.Instance);

    public async ValueTask InitializeAsync()
    {
        string connectionString = await SharedAzurite.ConnectionStringAsync();
        string name = $"t{Guid.NewGuid():N}";
        Table = new TableClient(connectionString, name);
        Keys = new TableClient(connectionString, name + "keys");
        Tasks = new TaskTable(Table);
        Starter = new TaskStarter(Tasks, new KeysTable(Keys), new ItemsTable(new TableClient(connectionString, name + "items")));
        await Tasks.CreateIfNotExistsAsync();
        await new KeysTable(Keys).CreateIfNotExistsAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Table.DeleteAsync();
        await Keys.DeleteAsync();
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
    protected async Task<TaskExecution> InsertAsync(TimeSpan? limit = null, int attempt = 1, TaskId? id = null)
    {
        TaskRow row = NewRow(id);
        ETag etag = (await Tasks.InsertAsync(row, default))!.Value;
        TimeSpan time = limit ?? TimeSpan.FromMinutes(1);
        return new(row.Id.ToString(), new("DoWork", "{}", time, etag.ToString(), null, 0, false, null), DateTimeOffset.UtcNow + time, attempt);
    }

    protected async Task<TaskRow> ReadAsync(TaskExecution execution) =>
        (await Tasks.FindAsync(TaskId.Parse(execution.TaskId), default))!;

    protected Task RunAsync<TResult>(TaskExecution execution, Func<TaskProgress, CancellationToken, Task<TResult>> work, CancellationToken stopping = default) =>
        Runner.RunAsync<JsonElement, TResult>(execution, (_, progress, token) => work(progress, token), stopping);
}
