using DurableTask.Core;
using DurableTask.Core.Common;
using DurableTask.Core.History;
using DurableTask.Core.Query;
using Microsoft.Data.Sqlite;

namespace DurableLocalHost.Sqlite;

/// <summary>The states of instances, and the rows of them and of their history.</summary>
internal static class Instances
{
    private const string States =
        """
        SELECT start, status, updated, completed, custom_status, output FROM instances JOIN starts ON instance = key
        """;

    public static bool HasEnded(this OrchestrationStatus status) => status is
        OrchestrationStatus.Completed or OrchestrationStatus.Failed or OrchestrationStatus.Canceled or OrchestrationStatus.Terminated;

    /// <returns>The state of an instance that has just been created.</returns>
    public static OrchestrationState Created(ExecutionStartedEvent start)
    {
        OrchestrationState state = Utils.BuildOrchestrationState(new OrchestrationRuntimeState([start]));
        state.OrchestrationStatus = OrchestrationStatus.Pending;
        return state;
    }

    /// <summary>
    /// Makes of a state after a turn what the Azure Storage provider keeps: no custom status is the text "null", a failure is told in the
    /// output alone, and suspending and resuming leave their reason there.
    /// </summary>
    public static OrchestrationState Kept(this OrchestrationState state, OrchestrationState before, IEnumerable<HistoryEvent> events)
    {
        state.Status ??= "null";
        state.FailureDetails = null;
        state.Output ??= events.Aggregate(before.Output, (output, historyEvent) => historyEvent switch
        {
            ExecutionSuspendedEvent suspended => suspended.Reason,
            ExecutionResumedEvent resumed => resumed.Reason,
            _ => output,
        });
        return state;
    }

    /// <returns>What of a state stays as it is while its execution lasts, as JSON.</returns>
    public static string Start(OrchestrationState state) => EventJson.Write(new OrchestrationState
    {
        OrchestrationInstance = state.OrchestrationInstance,
        ParentInstance = state.ParentInstance,
        Name = state.Name,
        Version = state.Version,
        Tags = state.Tags,
        CreatedTime = state.CreatedTime,
        ScheduledStartTime = state.ScheduledStartTime,
        Input = state.Input,
    });

    /// <param name="start">What <see cref="Start"/> made of the state.</param>
    public static void Insert(Statements db, string hub, long key, OrchestrationState state, string start)
    {
        db.Execute(
            """
            INSERT INTO instances (key, hub, id, execution, status, created, alive, updated, completed) VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8)
            """,
            key, hub, state.OrchestrationInstance.InstanceId, state.OrchestrationInstance.ExecutionId, (int)state.OrchestrationStatus,
            state.CreatedTime.Ticks, state.LastUpdatedTime.Ticks, state.CompletedTime.Ticks);
        SetStart(db, key, start);
    }

    public static void SetStart(Statements db, long key, string start) =>
        db.Execute("INSERT OR REPLACE INTO starts (instance, start) VALUES ($1, $2)", key, start);

    /// <returns>False if the instance has ended or is gone, and nothing was written.</returns>
    public static bool Update(Statements db, long key, OrchestrationState state) => db.Execute(
        """
        UPDATE instances SET execution = $2, status = $3, created = $4, alive = $5, updated = $6, completed = $7, custom_status = $8, output = $9
        WHERE key = $1 AND alive
        """,
        key, state.OrchestrationInstance.ExecutionId, (int)state.OrchestrationStatus, state.CreatedTime.Ticks,
        !state.OrchestrationStatus.HasEnded(), state.LastUpdatedTime.Ticks, state.CompletedTime.Ticks, state.Status, state.Output) > 0;

    /// <summary>Ends an instance that has not begun.</summary>
    /// <returns>False if there is none of that ID that is so.</returns>
    public static bool TerminateUnbegun(Statements db, string hub, string id, ExecutionTerminatedEvent end) => db.Execute(
        """
        UPDATE instances SET status = $3, alive = 0, updated = $4, output = $5
        WHERE hub = $1 AND id = $2 AND alive AND NOT EXISTS (SELECT 1 FROM history WHERE instance = key)
        """,
        hub, id, (int)OrchestrationStatus.Terminated, end.Timestamp.Ticks, end.Input) > 0;

    /// <summary>Lets an instance that has ended run again.</summary>
    public static void SetPending(Statements db, long key) => db.Execute(
        "UPDATE instances SET status = $2, alive = 1, updated = $3 WHERE key = $1", key, (int)OrchestrationStatus.Pending, DateTime.UtcNow.Ticks);

    /// <summary>Gives all that a hub has to another, which has nothing.</summary>
    public static Action? Move(Statements db, string hub, string newHub)
    {
        db.Execute("UPDATE instances SET hub = $2 WHERE hub = $1", hub, newHub);
        return null;
    }

    public static void Delete(Statements db, long key) => db.Execute("DELETE FROM instances WHERE key = $1", key);

    /// <returns>Null if there is none of that ID.</returns>
    public static (long Key, OrchestrationStatus Status)? Find(Statements db, string hub, string id) => db.Query(
        "SELECT key, status FROM instances WHERE hub = $1 AND id = $2",
        row => ((long, OrchestrationStatus)?)(row.GetInt64(0), (OrchestrationStatus)row.GetInt32(1)),
        hub, id).FirstOrDefault();

    public static OrchestrationState? ReadState(Statements db, string hub, string id) =>
        db.Query($"{States} WHERE hub = $1 AND id = $2", ReadState, hub, id).FirstOrDefault();

    public static OrchestrationState? ReadState(Statements db, long key) => db.Query($"{States} WHERE key = $1", ReadState, key).FirstOrDefault();

    /// <returns>The states that match, in the order of their IDs, from behind the one that the continuation token names.</returns>
    public static List<OrchestrationState> List(Statements db, string hub, OrchestrationQuery query, int limit) =>
        List(db, States, ReadState, hub, query, limit);

    /// <returns>The keys and IDs of those that match.</returns>
    public static List<(long Key, string Id)> ListKeys(Statements db, string hub, OrchestrationQuery query) =>
        List(db, "SELECT key, id FROM instances", row => (row.GetInt64(0), row.GetString(1)), hub, query, int.MaxValue);

    private static List<T> List<T>(Statements db, string select, Func<SqliteDataReader, T> read, string hub, OrchestrationQuery query, int limit) => db.Query(
        $"""
        {select}
        WHERE hub = $1 AND id > $2 AND id BETWEEN $3 AND $3 || char(0x10FFFF) AND created BETWEEN $4 AND $5
        AND (1 << status) & $6 AND NOT ($7 AND substr(id, 1, 1) = '@')
        ORDER BY id LIMIT $8
        """,
        read, hub, query.ContinuationToken ?? "", query.InstanceIdPrefix ?? "",
        Messages.Utc(query.CreatedTimeFrom ?? DateTime.MinValue).Ticks, Messages.Utc(query.CreatedTimeTo ?? DateTime.MaxValue).Ticks,
        query.RuntimeStatus is { Count: > 0 } statuses ? statuses.Aggregate(0, (mask, status) => mask | (1 << (int)status)) : -1,
        query.ExcludeEntities, limit);

    private static OrchestrationState ReadState(SqliteDataReader row)
    {
        OrchestrationState state = EventJson.Read<OrchestrationState>(row.GetString(0));
        state.OrchestrationStatus = (OrchestrationStatus)row.GetInt32(1);
        state.LastUpdatedTime = new DateTime(row.GetInt64(2), DateTimeKind.Utc);
        state.CompletedTime = new DateTime(row.GetInt64(3), DateTimeKind.Utc);
        state.Status = row[4] as string;
        state.Output = row[5] as string;
        return state;
    }
}
