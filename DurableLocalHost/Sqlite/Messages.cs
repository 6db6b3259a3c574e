using DurableTask.Core;
using DurableTask.Core.Common;
using DurableTask.Core.History;
using Microsoft.Data.Sqlite;

namespace DurableLocalHost.Sqlite;

/// <summary>Messages for instances and activities, and their rows, whose key is their sequence number.</summary>
internal static class Messages
{
    public static bool IsActivity(this TaskMessage message) => message.Event is TaskScheduledEvent;

    /// <summary>When a timer fires, or a scheduled start or signal is due; for others null.</summary>
    public static DateTime? DueTime(this TaskMessage message) => message.Event switch
    {
        TimerFiredEvent timer => Utc(timer.FireAt),
        ExecutionStartedEvent { ScheduledStartTime: DateTime time } => Utc(time),
        _ => Entities.IsDelayedEntityMessage(message, out DateTime time) ? Utc(time) : null,
    };

    /// <summary>Times without a kind are UTC, as for the Azure Storage provider.</summary>
    public static DateTime Utc(DateTime time) =>
        time.Kind == DateTimeKind.Local ? time.ToUniversalTime() : DateTime.SpecifyKind(time, DateTimeKind.Utc);

    /// <summary>Inserts one whose sequence number is set.</summary>
    /// <returns>
    /// The key of the instance. Null if there is no such instance, or not that execution of it, or it has ended: nobody would read the message.
    /// </returns>
    public static long? Insert(Statements db, string hub, OutgoingMessage outgoing)
    {
        OrchestrationInstance target = outgoing.Message.OrchestrationInstance;
        return db.Query(
            """
            INSERT INTO messages (seq, instance, execution, is_activity, event, context, due)
            SELECT $1, key, $2, $3, $4, $5, $6 FROM instances
            WHERE hub = $7 AND id = $8 AND ($3 OR alive AND ($2 IS NULL OR execution = $2))
            RETURNING instance
            """,
            row => (long?)row.GetInt64(0),
            outgoing.Message.SequenceNumber, target.ExecutionId is { Length: > 0 } execution ? execution : null, outgoing.Message.IsActivity(),
            outgoing.Event, outgoing.Context, outgoing.Due?.Ticks, hub, target.InstanceId).FirstOrDefault();
    }

    /// <returns>False if it is gone.</returns>
    public static bool Delete(Statements db, TaskMessage message) =>
        db.Execute("DELETE FROM messages WHERE seq = $1", message.SequenceNumber) > 0;

    /// <returns>What an instance can take in by now: what came at once as it came, then what had its time.</returns>
    public static List<TaskMessage> Inbox(Statements db, Instance instance, DateTime now) => db.Query(
        """
        SELECT seq, $3, execution, event, NULL FROM messages
        WHERE instance = $1 AND NOT is_activity AND (due IS NULL OR due <= $2) ORDER BY due, seq
        """,
        Read, instance.Key, now.Ticks, instance.Id);

    /// <returns>Activities after that sequence number, oldest first.</returns>
    public static List<TaskMessage> Activities(Statements db, string hub, long after, int limit) => db.Query(
        """
        SELECT seq, id, messages.execution, event, context FROM messages CROSS JOIN instances ON key = instance
        WHERE is_activity = 1 AND due IS NULL AND seq > $2 AND hub = $1 ORDER BY seq LIMIT $3
        """,
        Read, hub, after, limit);

    /// <returns>Those for instances, after that sequence number, that are due at once, oldest first.</returns>
    public static List<Arrival> Ready(Statements db, string hub, long after, int limit) => db.Query(
        """
        SELECT seq, key, id, 0 FROM messages CROSS JOIN instances ON key = instance
        WHERE is_activity = 0 AND due IS NULL AND seq > $2 AND hub = $1 ORDER BY seq LIMIT $3
        """,
        Arrival.Read, hub, after, limit);

    /// <returns>Those for instances that are due after one moment and until another, the soonest first.</returns>
    public static List<Arrival> Due(Statements db, string hub, (long Due, long Sequence) after, DateTime until, int limit) => db.Query(
        """
        SELECT seq, key, id, due FROM messages CROSS JOIN instances ON key = instance
        WHERE due IS NOT NULL AND (due, seq) > ($2, $3) AND due <= $4 AND hub = $1 ORDER BY due, seq LIMIT $5
        """,
        Arrival.Read, hub, after.Due, after.Sequence, until.Ticks, limit);

    public static TaskMessage Read(SqliteDataReader row) => new()
    {
        SequenceNumber = row.GetInt64(0),
        OrchestrationInstance = new OrchestrationInstance { InstanceId = row.GetString(1), ExecutionId = row[2] as string },
        Event = EventJson.ReadEvents(row.GetString(3))[0],
        OrchestrationExecutionContext = row[4] is string context ? EventJson.Read<OrchestrationExecutionContext>(context) : null,
    };
}

/// <summary>That there is a message for an instance, of which nothing more is read yet.</summary>
internal readonly record struct Arrival(long Sequence, long Key, string Id, long Due)
{
    public static Arrival Read(SqliteDataReader row) => new(row.GetInt64(0), row.GetInt64(1), row.GetString(2), row.GetInt64(3));
}
