using DurableTask.Core;
using DurableTask.Core.Common;
using DurableTask.Core.History;

namespace DurableLocalHost.Sqlite;

/// <summary>Messages for instances and activities, and their rows, whose key is their sequence number.</summary>
internal static class Messages
{
    public static bool IsActivity(this TaskMessage message) => message.Event is TaskScheduledEvent;

    /// <summary>When a timer fires, or a scheduled start or signal is due; for others null.</summary>
    public static DateTime? Due(this TaskMessage message) => message.Event switch
    {
        TimerFiredEvent timer => Utc(timer.FireAt),
        ExecutionStartedEvent { ScheduledStartTime: DateTime time } => Utc(time),
        _ => Entities.IsDelayedEntityMessage(message, out DateTime time) ? time : null,
    };

    /// <summary>Times without a kind are UTC, as for the Azure Storage provider.</summary>
    public static DateTime Utc(DateTime time) =>
        time.Kind == DateTimeKind.Local ? time.ToUniversalTime() : DateTime.SpecifyKind(time, DateTimeKind.Utc);

    /// <returns>False if there is no such instance, or not that execution of it, or it has ended: nobody would read the message.</returns>
    public static bool Insert(Statements db, string hub, TaskMessage message) => db.Execute(
        """
        INSERT INTO messages (seq, instance, execution, is_activity, event, context)
        SELECT $1, key, $2, $3, $4, $5 FROM instances
        WHERE hub = $6 AND id = $7 AND ($3 OR alive AND ($2 IS NULL OR execution = $2))
        """,
        message.SequenceNumber, message.OrchestrationInstance.ExecutionId is { Length: > 0 } execution ? execution : null,
        message.IsActivity(), EventJson.Write([message.Event]),
        message.OrchestrationExecutionContext is OrchestrationExecutionContext context ? EventJson.Write(context) : null,
        hub, message.OrchestrationInstance.InstanceId) > 0;

    /// <returns>False if it is gone.</returns>
    public static bool Delete(Statements db, TaskMessage message) =>
        db.Execute("DELETE FROM messages WHERE seq = $1", message.SequenceNumber) > 0;

    /// <returns>All of a hub, oldest first.</returns>
    public static List<TaskMessage> All(Statements db, string hub) => db.Query(
        """
        SELECT seq, id, messages.execution, event, context FROM messages JOIN instances ON key = instance WHERE hub = $1 ORDER BY seq
        """,
        row => new TaskMessage
        {
            SequenceNumber = row.GetInt64(0),
            OrchestrationInstance = new OrchestrationInstance { InstanceId = row.GetString(1), ExecutionId = row[2] as string },
            Event = EventJson.ReadEvents(row.GetString(3))[0],
            OrchestrationExecutionContext = row[4] is string context ? EventJson.Read<OrchestrationExecutionContext>(context) : null,
        },
        hub);
}
