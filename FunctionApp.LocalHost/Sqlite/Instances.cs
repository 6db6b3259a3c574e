using DurableTask.Core;
using DurableTask.Core.History;
using Microsoft.Data.Sqlite;

namespace FunctionApp.LocalHost.Sqlite;

/// <summary>Instances' states: their rows, and how a turn's events change them.</summary>
internal static class Instances
{
    private const string Columns = """
        key, id, execution, name, version, status, created, updated, completed, scheduled, parent, tags, custom_status
        """;

    public static bool HasEnded(this OrchestrationState state) => state.OrchestrationStatus is
        OrchestrationStatus.Completed or OrchestrationStatus.Failed or OrchestrationStatus.Canceled or OrchestrationStatus.Terminated;

    /// <returns>The state of an instance that has just been created.</returns>
    public static OrchestrationState Pending(ExecutionStartedEvent start) => new()
    {
        OrchestrationInstance = new OrchestrationInstance
        {
            InstanceId = start.OrchestrationInstance.InstanceId,
            ExecutionId = start.OrchestrationInstance.ExecutionId,
        },
        OrchestrationStatus = OrchestrationStatus.Pending,
        Name = start.Name,
        Version = start.Version,
        Input = start.Input,
        Tags = start.Tags,
        CreatedTime = start.Timestamp,
        LastUpdatedTime = DateTime.UtcNow,
        ScheduledStartTime = start.ScheduledStartTime is DateTime time ? Utc(time) : null,
        ParentInstance = ParentOf(start.ParentInstance?.OrchestrationInstance?.InstanceId),
    };

    /// <returns>A copy, which the caller may change; the durable client does.</returns>
    public static OrchestrationState Copy(this OrchestrationState state, bool withInputAndOutput = true) => new()
    {
        OrchestrationInstance = new OrchestrationInstance
        {
            InstanceId = state.OrchestrationInstance.InstanceId,
            ExecutionId = state.OrchestrationInstance.ExecutionId,
        },
        OrchestrationStatus = state.OrchestrationStatus,
        Name = state.Name,
        Version = state.Version,
        Input = withInputAndOutput ? state.Input : null,
        Output = withInputAndOutput ? state.Output : null,
        Status = state.Status,
        Tags = state.Tags,
        CreatedTime = state.CreatedTime,
        LastUpdatedTime = state.LastUpdatedTime,
        CompletedTime = state.CompletedTime,
        ScheduledStartTime = state.ScheduledStartTime,
        ParentInstance = ParentOf(state.ParentInstance?.OrchestrationInstance?.InstanceId),
    };

    /// <summary>
    /// The state after a turn, as the Azure Storage provider keeps it: a member changes when an event of the turn says so, a missing
    /// custom status is the text "null", a failure is only told in the output, and suspending leaves its reason there.
    /// </summary>
    public static OrchestrationState After(this OrchestrationState state, OrchestrationRuntimeState turn)
    {
        OrchestrationState next = state.Copy();
        next.OrchestrationInstance.ExecutionId = turn.OrchestrationInstance!.ExecutionId;
        next.Status = turn.Status ?? "null";
        next.LastUpdatedTime = turn.NewEvents[^1].Timestamp;
        foreach (HistoryEvent historyEvent in turn.NewEvents)
        {
            switch (historyEvent)
            {
                case ExecutionStartedEvent started:
                    next.OrchestrationStatus = OrchestrationStatus.Running;
                    (next.Name, next.Version, next.Input, next.Tags) = (started.Name, started.Version, started.Input, started.Tags);
                    next.CreatedTime = started.Timestamp;
                    break;
                case ExecutionCompletedEvent completed:
                    next.End(completed.OrchestrationStatus, completed.FailureDetails?.ToString() ?? completed.Result);
                    break;
                case ExecutionTerminatedEvent terminated:
                    next.End(OrchestrationStatus.Terminated, terminated.Input);
                    break;
                case ExecutionSuspendedEvent suspended:
                    (next.OrchestrationStatus, next.Output) = (OrchestrationStatus.Suspended, suspended.Reason);
                    break;
                case ExecutionResumedEvent resumed:
                    (next.OrchestrationStatus, next.Output) = (OrchestrationStatus.Running, resumed.Reason);
                    break;
            }
        }

        return next;
    }

    public static void End(this OrchestrationState state, OrchestrationStatus status, string? output) =>
        (state.OrchestrationStatus, state.Output, state.CompletedTime) = (status, output, DateTime.UtcNow);

    public static void Insert(Statements db, string hub, long key, OrchestrationState state) => db.Execute(
        """
        INSERT INTO instances (key, hub, id, execution, name, version, status, created, updated, scheduled, parent, tags, input)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        key, hub, state.OrchestrationInstance.InstanceId, state.OrchestrationInstance.ExecutionId, state.Name, state.Version,
        (int)state.OrchestrationStatus, state.CreatedTime.Ticks, state.LastUpdatedTime.Ticks, state.ScheduledStartTime?.Ticks,
        state.ParentInstance?.OrchestrationInstance.InstanceId, HistoryJson.WriteTags(state.Tags), state.Input);

    /// <returns>False if the row is gone.</returns>
    public static bool Update(Statements db, long key, OrchestrationState state, bool startedAnew)
    {
        bool isThere = db.Execute(
            """
            UPDATE instances SET status = $2, created = $3, updated = $4, completed = $5, custom_status = $6, output = $7 WHERE key = $1
            """,
            key, (int)state.OrchestrationStatus, state.CreatedTime.Ticks, state.LastUpdatedTime.Ticks,
            state.HasEnded() ? state.CompletedTime.Ticks : null, state.Status, state.Output) > 0;
        if (startedAnew)
        {
            db.Execute(
                "UPDATE instances SET execution = $2, name = $3, version = $4, tags = $5, input = $6 WHERE key = $1",
                key, state.OrchestrationInstance.ExecutionId, state.Name, state.Version, HistoryJson.WriteTags(state.Tags), state.Input);
        }

        return isThere;
    }

    public static void Delete(Statements db, long key)
    {
        db.Execute("DELETE FROM history WHERE instance = $1", key);
        db.Execute("DELETE FROM instances WHERE key = $1", key);
    }

    /// <returns>The instance's key and status, if there is one.</returns>
    public static (long Key, OrchestrationStatus Status)? Find(Statements db, string hub, string id)
    {
        List<(long, OrchestrationStatus)> rows = db.Query(
            "SELECT key, status FROM instances WHERE hub = $1 AND id = $2",
            row => (row.GetInt64(0), (OrchestrationStatus)row.GetInt32(1)), hub, id);
        return rows.Count == 0 ? null : rows[0];
    }

    public static OrchestrationState? Get(Statements db, string hub, string id) => db.Query(
        $"SELECT {Columns}, input, output FROM instances WHERE hub = $1 AND id = $2", row => Read(row).State, hub, id).FirstOrDefault();

    public static List<(long Key, OrchestrationState State)> Alive(Statements db, string hub) => db.Query(
        $"SELECT {Columns}, input, output FROM instances WHERE hub = $1 AND completed IS NULL", Read, hub);

    /// <returns>The instances that match, in the order of their IDs.</returns>
    public static List<(long Key, OrchestrationState State)> List(Statements db, string hub, InstanceFilter filter, string after, int limit) =>
        db.Query(
            $"""
            SELECT {Columns}, iif($8, input, NULL), iif($8, output, NULL) FROM instances
            WHERE hub = $1 AND id > $2 AND id BETWEEN $3 AND $3 || char(0x10FFFF)
            AND created BETWEEN $4 AND $5 AND (1 << status) & $6 AND NOT ($7 AND substr(id, 1, 1) = '@')
            ORDER BY id LIMIT $9
            """,
            Read, hub, after, filter.IdPrefix ?? "", filter.CreatedFrom is DateTime from ? Utc(from).Ticks : 0,
            filter.CreatedTo is DateTime to ? Utc(to).Ticks : long.MaxValue,
            filter.Statuses?.Aggregate(0L, (mask, status) => mask | (1L << (int)status)) ?? ~0L,
            filter.WithoutEntities, filter.WithInputAndOutput, limit);

    /// <summary>Times without a kind are UTC here, as in the Azure Storage provider.</summary>
    public static DateTime Utc(DateTime time) =>
        time.Kind == DateTimeKind.Local ? time.ToUniversalTime() : DateTime.SpecifyKind(time, DateTimeKind.Utc);

    private static (long Key, OrchestrationState State) Read(SqliteDataReader row)
    {
        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
        DateTime? Time(int column) => row.IsDBNull(column) ? null : new DateTime(row.GetInt64(column), DateTimeKind.Utc);
        return (row.GetInt64(0), new OrchestrationState
        {
            OrchestrationInstance = new OrchestrationInstance { InstanceId = row.GetString(1), ExecutionId = row.GetString(2) },
            Name = row.GetString(3),
            Version = Text(4),
            OrchestrationStatus = (OrchestrationStatus)row.GetInt32(5),
            CreatedTime = Time(6)!.Value,
            LastUpdatedTime = Time(7)!.Value,
            CompletedTime = Time(8) ?? default,
            ScheduledStartTime = Time(9),
            ParentInstance = ParentOf(Text(10)),
            Tags = HistoryJson.ReadTags(Text(11)),
            Status = Text(12),
            Input = Text(13),
            Output = Text(14),
        });
    }

    private static ParentInstance? ParentOf(string? id) =>
        id == null ? null : new ParentInstance { OrchestrationInstance = new OrchestrationInstance { InstanceId = id } };
}

/// <summary>Which instances to list or purge. Times are inclusive; null stands for all.</summary>
internal sealed record InstanceFilter
{
    public IEnumerable<OrchestrationStatus>? Statuses { get; init; }

    public DateTime? CreatedFrom { get; init; }

    public DateTime? CreatedTo { get; init; }

    public string? IdPrefix { get; init; }

    public bool WithoutEntities { get; init; }

    public bool WithInputAndOutput { get; init; }
}
