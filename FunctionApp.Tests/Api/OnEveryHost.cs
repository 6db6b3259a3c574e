namespace FunctionApp.Tests.Api;

// The same tests on both storage providers.

[Collection<FastCollection>]
public sealed class StoryOnSqlite(FastApi api) : MultiplyStory(api);

[Collection<FastAzureStorageCollection>]
public sealed class StoryOnAzureStorage(FastAzureStorageApi api) : MultiplyStory(api);

[Collection<FastCollection>]
public sealed class ContractOnSqlite(FastApi api) : ContractTests(api);

[Collection<FastAzureStorageCollection>]
public sealed class ContractOnAzureStorage(FastAzureStorageApi api) : ContractTests(api);

[Collection<FastCollection>]
public sealed class NumbersOnSqlite(FastApi api) : NumbersTests(api);

[Collection<FastAzureStorageCollection>]
public sealed class NumbersOnAzureStorage(FastAzureStorageApi api) : NumbersTests(api);

[Collection<FastCollection>]
public sealed class IdempotencyOnSqlite(FastApi api) : IdempotencyTests(api);

[Collection<FastAzureStorageCollection>]
public sealed class IdempotencyOnAzureStorage(FastAzureStorageApi api) : IdempotencyTests(api);

[Collection<FastCollection>]
public sealed class TaskOnSqlite(FastApi api) : TaskTests(api);

[Collection<FastAzureStorageCollection>]
public sealed class TaskOnAzureStorage(FastAzureStorageApi api) : TaskTests(api);

[Collection<SlowCollection>]
public sealed class MonitorOnSqlite(SlowApi api) : MonitorTests(api);

[Collection<SlowAzureStorageCollection>]
public sealed class MonitorOnAzureStorage(SlowAzureStorageApi api) : MonitorTests(api);

[Long]
[Collection(nameof(RunsAlone))]
public sealed class PromptOnSqlite(SlowApi api) : PromptTests(api), IClassFixture<SlowApi>;

[Long]
[Collection(nameof(RunsAlone))]
public sealed class PromptOnAzureStorage(SlowAzureStorageApi api) : PromptTests(api), IClassFixture<SlowAzureStorageApi>;

[Collection<FastCollection>]
public sealed class ScheduleOnSqlite(FastApi api) : ScheduleTests(api);

[Collection<FastAzureStorageCollection>]
public sealed class ScheduleOnAzureStorage(FastAzureStorageApi api) : ScheduleTests(api);

[Collection<FastCollection>]
public sealed class ChangeOnSqlite(FastApi api) : ChangeTests(api);

[Collection<FastAzureStorageCollection>]
public sealed class ChangeOnAzureStorage(FastAzureStorageApi api) : ChangeTests(api);

[Collection<FastCollection>]
public sealed class ListOnSqlite(FastApi api) : ListTests(api);

[Collection<FastAzureStorageCollection>]
public sealed class ListOnAzureStorage(FastAzureStorageApi api) : ListTests(api);

[Collection<FastCollection>]
public sealed class WebhookOnSqlite(FastApi api) : WebhookTests(api);

[Collection<FastAzureStorageCollection>]
public sealed class WebhookOnAzureStorage(FastAzureStorageApi api) : WebhookTests(api);

[Collection<FastCollection>]
public sealed class DeletionOnSqlite(FastApi api) : DeletionTests(api);

[Collection<FastAzureStorageCollection>]
public sealed class DeletionOnAzureStorage(FastAzureStorageApi api) : DeletionTests(api);

[Long]
public sealed class ReconciliationOnSqlite(FastApi api) : ReconciliationTests(api), IClassFixture<FastApi>;

[Long]
public sealed class ReconciliationOnAzureStorage(FastAzureStorageApi api) : ReconciliationTests(api), IClassFixture<FastAzureStorageApi>;

[Long]
[Collection(nameof(RunsAlone))]
public sealed class OperationRaceOnSqlite(FastApi api) : OperationRaceTests(api), IClassFixture<FastApi>;

[Long]
[Collection(nameof(RunsAlone))]
public sealed class OperationRaceOnAzureStorage(FastAzureStorageApi api) : OperationRaceTests(api), IClassFixture<FastAzureStorageApi>;

[Collection<FastCollection>]
public sealed class BatchOnSqlite(FastApi api) : BatchTests(api);

[Collection<FastAzureStorageCollection>]
public sealed class BatchOnAzureStorage(FastAzureStorageApi api) : BatchTests(api);

[Collection<SqliteDataCollection>]
public sealed class LargeOnSqlite(SqliteDataApi api) : LargeTests(api);

[Collection<AzureStorageDataCollection>]
public sealed class LargeOnAzureStorage(AzureStorageDataApi api) : LargeTests(api);

[Collection<SqliteDataCollection>]
public sealed class FilesOnSqlite(SqliteDataApi api) : FileTests(api);

[Collection<AzureStorageDataCollection>]
public sealed class FilesOnAzureStorage(AzureStorageDataApi api) : FileTests(api);
