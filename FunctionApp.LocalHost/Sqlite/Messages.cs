using DurableTask.Core;
using DurableTask.Core.History;

namespace FunctionApp.LocalHost.Sqlite;

/// <summary>The rows of messages and of history.</summary>
internal static class Messages
{
    /// <returns>False if there is no such instance, or not that execution of it, or it has ended: nobody would read the message.</returns>
    public static bool Insert(Statements db, string hub, Message message) => db.Execute(
        """
        INSERT INTO messages (seq, instance, execution, due, is_activity, event, tags)
        SELECT $1, key, $2, $3, $4, $5, $6 FROM instances
        WHERE hub = $7 AND id = $8 AND ($4 OR alive AND ($2 IS NULL OR execution = $2))
        """,
        message.Seq, message.Task.OrchestrationInstance.ExecutionId is { Length: > 0 } execution ? execution : null, message.Due?.Ticks,
        message.IsActivity, EventJson.Write([message.Task.Event]),
        message.Task.OrchestrationExecutionContext is OrchestrationExecutionContext tags ? EventJson.Write(tags) : null,
        hub, message.InstanceId) > 0;

    /// <returns>False if it is gone.</returns>
    public static bool Delete(Statements db, Message message) => db.Execute("DELETE FROM messages WHERE seq = $1", message.Seq) > 0;

    /// <returns>All of a hub, oldest first.</returns>
    public static List<Message> All(Statements db, string hub) => db.Query(
        """
        SELECT seq, due, is_activity, event, id, messages.execution, tags FROM messages JOIN instances ON key = instance
        WHERE hub = $1 ORDER BY seq
        """,
        row => new Message(
            row.GetInt64(0),
            new TaskMessage
            {
                Event = EventJson.ReadEvents(row.GetString(3))[0],
                OrchestrationInstance = new OrchestrationInstance { InstanceId = row.GetString(4), ExecutionId = row[5] as string },
                OrchestrationExecutionContext = row[6] is string tags ? EventJson.Read<OrchestrationExecutionContext>(tags) : null,
            },
            row[1] is long due ? new DateTime(due, DateTimeKind.Utc) : null,
            row.GetBoolean(2)),
        hub);

    /// <summary>Adds a turn's events; they are all there is of the history if it <paramref name="startedAnew"/>.</summary>
    public static void AppendHistory(Statements db, Instance instance, IEnumerable<HistoryEvent> events, bool startedAnew)
    {
        if (startedAnew)
        {
            db.Execute("DELETE FROM history WHERE instance = $1", instance.Key);
        }

        db.Execute(
            "INSERT INTO history (instance, turn, events) VALUES ($1, $2, $3)", instance.Key, instance.NextTurn, EventJson.Write(events));
    }

    public static (List<HistoryEvent> Events, int NextTurn) History(Statements db, long key)
    {
        List<(int Turn, string Events)> rows = db.Query(
            "SELECT turn, events FROM history WHERE instance = $1 ORDER BY turn", row => (row.GetInt32(0), row.GetString(1)), key);
        return ([.. rows.SelectMany(row => EventJson.ReadEvents(row.Events))], rows.Count == 0 ? 0 : rows[^1].Turn + 1);
    }
}
