using Azure.Data.Tables;
using FunctionApp.Tasks;
using FunctionApp.Tasks.Batches;
using FunctionApp.Tasks.Upkeep;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Moq;

namespace FunctionApp.Tests.Storage;

/// <summary>The timer functions, on a real Azurite; the durable client knows the instances that it is told of.</summary>
public abstract class UpkeepTest : StorageTest
{
    private readonly MemoryCache _cache = new(new MemoryCacheOptions());

    protected UpkeepTest()
    {
        Client.Setup(client => client.GetInstanceAsync(It.IsAny<string>(), It.IsAny<bool>(), It.IsAny<CancellationToken>()))
            .Returns((string id, bool _, CancellationToken _) => LookUpAsync(id));
        Client.Setup(client => client.PurgeInstanceAsync(It.IsAny<string>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync((string id, CancellationToken _) => new PurgeResult(Instances.Remove(id) ? 1 : 0));
    }

    protected FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    /// <summary>What the durable client answers; others it does not know.</summary>
    protected IDictionary<string, OrchestrationRuntimeStatus> Instances { get; } =
        new System.Collections.Concurrent.ConcurrentDictionary<string, OrchestrationRuntimeStatus>();

    /// <summary>Is called before the durable client answers.</summary>
    protected Func<string, Task> BeforeLookUp { get; set; } = _ => Task.CompletedTask;

    protected ItemsTable Items { get; private set; } = null!;

    /// <summary>The setting.</summary>
    protected string? FormerTaskHubs { get; set; }

    private TaskHubs Hubs => new(new ConfigurationBuilder().AddInMemoryCollection([new("FormerTaskHubs", FormerTaskHubs)]).Build());

    protected TaskDeletion Deletion => new(Tasks, new KeysTable(Keys), Items, Blobs, Time);

    protected OldestPending Oldest => field ??= new(Tasks);

    protected ReconciledTasks Reader => new(Tasks, Hubs, _cache, Time, NullLogger<ReconciledTasks>.Instance);

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Items = new ItemsTable(ItemsClient);
        await ItemsClient.CreateAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        _cache.Dispose();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected async Task SweepAsync()
    {
        // It has a clock of its own.
        _cache.Clear();
        var scans = new Scans(Tasks, OpenTable);
        var lostFolders = new LostFolders(Blobs, Tasks, scans, Time, NullLogger<LostFolders>.Instance);
        var sweep = new Sweep(scans, Open, Tasks, Hubs, Reader, Deletion, lostFolders, Oldest, Time, NullLogger<Sweep>.Instance);
        await sweep.RunAsync(new TimerInfo(), Client.Object, default);
    }

    protected Task RetainAsync(int days) =>
        new Retention(
            new Scans(Tasks, OpenTable), Tasks, Deletion, Options.Create(new RetentionSettings { Days = days }), Time, NullLogger<Retention>.Instance)
            .RunAsync(new TimerInfo(), Client.Object, default);

    /// <summary>A row of a task that was created then.</summary>
    protected static TaskRow RowOf(DateTimeOffset created, RowStatus status = RowStatus.Running, DateTimeOffset? ended = null)
    {
        TaskRow row = NewRow(TaskId.Create(created));
        row.Status = status;
        row.StartedAt = status == RowStatus.Pending ? null : created;
        row.EndedAt = ended;
        return row;
    }

    protected async Task<TaskRow[]> AddAsync(params TaskRow[] rows)
    {
        foreach (TaskRow[] chunk in rows.GroupBy(row => row.PartitionKey).SelectMany(minute => minute.Chunk(100)))
        {
            await Table.SubmitTransactionAsync(chunk.Select(row => new TableTransactionAction(TableTransactionActionType.Add, row)));
        }

        return rows;
    }

    protected async Task<RowStatus?> StatusAsync(TaskRow row) => await Tasks.FindStatusAsync(row.Id, default);

    /// <summary>How many entries the sweep's index has.</summary>
    protected int CountOpen() => OpenTable.Query<OpenTask>().Count(entry => entry.PartitionKey.StartsWith("open-"));

    private async Task<OrchestrationMetadata?> LookUpAsync(string id)
    {
        await BeforeLookUp(id);
        return Instances.TryGetValue(id, out OrchestrationRuntimeStatus status)
            ? new OrchestrationMetadata(nameof(TaskOrchestration), id) { RuntimeStatus = status }
            : null;
    }
}
