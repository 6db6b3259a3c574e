using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using DurableLocalHost;
using FunctionApp.Tasks;
using FunctionApp.Tests.Web;

namespace FunctionApp.Tests.Api;

/// <summary>
/// The API under test: an app of the tests' own in LocalHost, or, for the tests that only speak HTTP, the host at
/// API_BASE_URL (with the function key API_KEY, if set).
/// </summary>
/// <param name="delay">How long a multiplication takes, in an app of the tests' own.</param>
/// <param name="inProcess">
/// An app of the tests' own runs in their process, where tests see its services, and no other app beside it. Under a debugger each
/// does, so that breakpoints in it are hit.
/// </param>
/// <param name="settings">More settings of an app of the tests' own.</param>
/// <param name="appFolder">The build output of an app that has more kinds of task, and is always the tests' own; null for this app.</param>
public abstract class ApiHost(
    StorageProvider storage,
    TimeSpan delay,
    bool inProcess = false,
    IReadOnlyDictionary<string, string?>? settings = null,
    string? appFolder = null) : IAsyncLifetime
{
    /// <summary>Signs the webhooks of an app of the tests' own.</summary>
    public const string WebhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    /// <summary>Signs them too, for receivers that do not know the new one yet.</summary>
    public const string FormerWebhookSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    private static readonly string? BaseUrl = Environment.GetEnvironmentVariable("API_BASE_URL") is { Length: > 0 } url ? url : null;

    // An Azurite of its own: one alone is too slow for several hosts at once.
    private readonly DirectoryInfo _dataFolder = Directory.CreateTempSubdirectory("azurite-");
    private Azurite? _azurite;
    private HttpClient? _remote;
    private HttpClient? _validating;
    private LocalFunctionHost? _own;
    private TableServiceClient? _storage;

    public StorageProvider Storage => storage;

    /// <summary>Sends to the app. Every answer has to fit the API's own description.</summary>
    public HttpClient Http
    {
        get
        {
            Assert.SkipWhen(BaseUrl is not null && storage != StorageProvider.Sqlite, "API_BASE_URL names the host: once is enough.");
            return _remote ?? Validating(_own!.Http.BaseAddress!);
        }
    }

    /// <summary>Whether the host is the one that API_BASE_URL names.</summary>
    public bool IsAnothers => _remote is not null;

    /// <summary>For what needs a hand on the host.</summary>
    public LocalFunctionHost Own
    {
        get
        {
            Assert.SkipWhen(BaseUrl is not null, "Needs a hand on the host, and API_BASE_URL names another: this was not shown for it.");
            return _own!;
        }
    }

    /// <summary>The tables of the app's storage account.</summary>
    public TableServiceClient Tables
    {
        get
        {
            _ = Own;
            return _storage!;
        }
    }

    /// <summary>The container of the app's blobs.</summary>
    public BlobContainerClient Blobs
    {
        get
        {
            _ = Own;
            return new BlobContainerClient(_azurite!.ConnectionString, ResultsTable);
        }
    }

    /// <summary>Name of the app's results table.</summary>
    public string ResultsTable { get; } = $"t{Guid.NewGuid():N}";

    /// <summary>The app's task hub.</summary>
    public string TaskHub { get; } = $"h{Guid.NewGuid():N}"[..20];

    public async ValueTask InitializeAsync()
    {
        if (BaseUrl is not null)
        {
            Assert.SkipWhen(appFolder is not null, "Needs kinds of task that the host at API_BASE_URL does not have.");
            _remote = new HttpClient(new ValidatingHandler()) { BaseAddress = new Uri(BaseUrl), Timeout = TimeSpan.FromMinutes(2) };
            if (Environment.GetEnvironmentVariable("API_KEY") is { Length: > 0 } key)
            {
                _remote.DefaultRequestHeaders.Add("x-functions-key", key);
            }

            return;
        }

        _azurite = await Azurite.StartAsync(_dataFolder.FullName);
        _storage = new TableServiceClient(_azurite.ConnectionString);
        _own = await LocalFunctionHost.StartAsync(
            new Dictionary<string, string?>(settings ?? new Dictionary<string, string?>())
            {
                ["AzureWebJobsStorage"] = _azurite.ConnectionString,
                ["AzureFunctionsJobHost__extensions__durableTask__hubName"] = TaskHub,
                ["ResultsTable"] = ResultsTable,
                ["SlowMultiply__Delay"] = delay.ToString(),
                ["Webhook__Secret"] = $"{WebhookSecret} {FormerWebhookSecret}",
                ["Webhook__AllowedHosts"] = "127.0.0.1",
            },
            storage,
            appFolder,
            ownProcess: appFolder is not null || (!inProcess && !Debugger.IsAttached));
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        _remote?.Dispose();
        _validating?.Dispose();
        if (_own is not null)
        {
            await _own.DisposeAsync();
        }

        await (_azurite?.DisposeAsync() ?? default);
        _dataFolder.Delete(recursive: true);
    }

    // An app has another address after a restart.
    private HttpClient Validating(Uri address) => _validating?.BaseAddress == address
        ? _validating
        : _validating = new HttpClient(new ValidatingHandler()) { BaseAddress = address };

    /// <summary>For what happens while a task runs: skips the test where the host at API_BASE_URL is too fast to see it.</summary>
    public async Task NeedsLongTasksAsync()
    {
        if (_remote is null)
        {
            return;
        }

        using HttpResponseMessage accepted = await _remote.PostAsync("""{"x": 6, "y": 7}""", "", ("Prefer", "wait=30"));
        JsonElement task = await _remote.GetTaskAsync(await accepted.ReadTaskIdAsync());
        TimeSpan? took = task.GetProperty("status").GetString() == "Succeeded"
            ? task.GetProperty("ended_at").GetDateTimeOffset() - task.GetProperty("created_at").GetDateTimeOffset()
            : null;
        Assert.SkipWhen(took < TimeSpan.FromSeconds(3), $"A task of the host at API_BASE_URL takes {took}: this needs SlowMultiply__Delay=00:00:04 there.");
    }

    /// <summary>The ID of a new task, which runs: with <see cref="NeedsLongTasksAsync"/>.</summary>
    public async Task<string> StartLongTaskAsync()
    {
        await NeedsLongTasksAsync();
        string taskId = await Http.SubmitAsync();
        await Http.WaitForStatusAsync(taskId, "Running");
        return taskId;
    }

    /// <summary>The task's row as storage has it, a tombstone too; null if there is none.</summary>
    public async Task<TaskRow?> FindRowAsync(string taskId)
    {
        var id = TaskId.Parse(taskId);
        Azure.NullableResponse<TaskRow> row =
            await Tables.GetTableClient(ResultsTable).GetEntityIfExistsAsync<TaskRow>(id.PartitionKey, id.RowKey);
        return row.HasValue ? row.Value : null;
    }
}

/// <summary>LocalHost as it is by default, without delay.</summary>
public sealed class FastApi() : ApiHost(StorageProvider.Sqlite, TimeSpan.Zero);

/// <summary>LocalHost as it is by default; tasks take some seconds.</summary>
public sealed class SlowApi() : ApiHost(StorageProvider.Sqlite, TimeSpan.FromSeconds(4));

/// <summary>Orchestrations where Azure keeps them; without delay.</summary>
public sealed class FastAzureStorageApi() : ApiHost(StorageProvider.AzureStorage, TimeSpan.Zero);

/// <summary>Orchestrations where Azure keeps them; tasks take some seconds.</summary>
public sealed class SlowAzureStorageApi() : ApiHost(StorageProvider.AzureStorage, TimeSpan.FromSeconds(4));

/// <summary>The app with kinds of task that take and make much.</summary>
public abstract class DataApi(StorageProvider storage) : ApiHost(storage, TimeSpan.Zero, appFolder: Folder)
{
    /// <summary>Its build output.</summary>
    public static readonly string Folder =
        typeof(DataApi).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "DataSample").Value!;
}

public sealed class SqliteDataApi() : DataApi(StorageProvider.Sqlite);

public sealed class AzureStorageDataApi() : DataApi(StorageProvider.AzureStorage);

// The tests of a collection share one app, and run beside those of the other collections, as most wait for an answer.
[CollectionDefinition]
public sealed class FastCollection : ICollectionFixture<FastApi>;

[CollectionDefinition]
public sealed class SlowCollection : ICollectionFixture<SlowApi>;

[CollectionDefinition]
public sealed class FastAzureStorageCollection : ICollectionFixture<FastAzureStorageApi>;

[CollectionDefinition]
public sealed class SlowAzureStorageCollection : ICollectionFixture<SlowAzureStorageApi>;

[CollectionDefinition]
public sealed class SqliteDataCollection : ICollectionFixture<SqliteDataApi>;

[CollectionDefinition]
public sealed class AzureStorageDataCollection : ICollectionFixture<AzureStorageDataApi>;
