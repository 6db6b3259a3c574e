using DurableTask.Core;
using DurableTask.Core.History;

namespace FunctionApp.LocalHost.Sqlite;

/// <summary>The rows of messages, of activities, and of history.</summary>
internal static class Messages
{
    /// <returns>False if there is no such instance, or not that execution of it, or it has ended: nobody would read the message.</returns>
    public static bool Insert(Statements db, string hub, Message message) => db.Execute(
        """
        INSERT INTO messages (seq, instance, execution, due, event)
        SELECT $1, key, $2, $3, $4 FROM instances
        WHERE hub = $5 AND id = $6 AND completed IS NULL AND ($2 IS NULL OR execution = $2)
        """,
        message.Seq, ExecutionOf(message.Task), message.Due?.Ticks, message.Json, hub,
        message.Task.OrchestrationInstance.InstanceId) > 0;

    public static void Delete(Statements db, List<Message> messages) =>
        messages.ForEach(message => db.Execute("DELETE FROM messages WHERE seq = $1", message.Seq));

    /// <returns>All messages of a hub, oldest first, each with its instance's key.</returns>
    public static List<(long Key, Message Message)> Read(Statements db, string hub) => db.Query(
        """
        SELECT seq, key, messages.execution, due, event, id FROM messages JOIN instances ON key = instance WHERE hub = $1 ORDER BY seq
        """,
        row => (row.GetInt64(1), new Message(
            row.GetInt64(0),
            Task(row.GetString(5), row.IsDBNull(2) ? null : row.GetString(2), row.GetString(4)),
            row.GetString(4),
            row.IsDBNull(3) ? null : new DateTime(row.GetInt64(3), DateTimeKind.Utc))),
        hub);

    public static ActivityWorkItem Activity(long seq, TaskMessage task) => new()
    {
        Seq = seq,
        Id = seq.ToString(),
        TaskMessage = task,
        LockedUntilUtc = DateTime.MaxValue,
    };

    public static void InsertActivity(Statements db, string hub, ActivityWorkItem activity, string json) => db.Execute(
        "INSERT INTO activities (seq, hub, instance, execution, event, tags) VALUES ($1, $2, $3, $4, $5, $6)",
        activity.Seq, hub, activity.TaskMessage.OrchestrationInstance.InstanceId, ExecutionOf(activity.TaskMessage), json,
        HistoryJson.WriteTags(activity.TaskMessage.OrchestrationExecutionContext?.OrchestrationTags));

    /// <returns>False if it is gone: it has been answered before.</returns>
    public static bool DeleteActivity(Statements db, long seq) => db.Execute("DELETE FROM activities WHERE seq = $1", seq) > 0;

    public static List<ActivityWorkItem> ReadActivities(Statements db, string hub) => db.Query(
        "SELECT seq, instance, execution, event, tags FROM activities WHERE hub = $1 ORDER BY seq",
        row =>
        {
            TaskMessage task = Task(row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), row.GetString(3));
            task.OrchestrationExecutionContext = HistoryJson.ReadContext(row.IsDBNull(4) ? null : row.GetString(4));
            return Activity(row.GetInt64(0), task);
        },
        hub);

    /// <param name="db">Within a transaction.</param>
    /// <param name="key">The instance's.</param>
    /// <param name="turn">Greater than all before.</param>
    /// <param name="events">What the turn added, or the whole new history.</param>
    /// <param name="startedAnew">The history so far is of no use any more.</param>
    public static void AppendHistory(Statements db, long key, int turn, string events, bool startedAnew)
    {
        if (startedAnew)
        {
            db.Execute("DELETE FROM history WHERE instance = $1", key);
        }

        db.Execute("INSERT INTO history (instance, turn, events) VALUES ($1, $2, $3)", key, turn, events);
    }

    public static (List<HistoryEvent> Events, int NextTurn) ReadHistory(Statements db, long key)
    {
        List<(int Turn, string Events)> rows = db.Query(
            "SELECT turn, events FROM history WHERE instance = $1 ORDER BY turn", row => (row.GetInt32(0), row.GetString(1)), key);
        return ([.. rows.SelectMany(row => HistoryJson.Read(row.Events))], rows.Count == 0 ? 0 : rows[^1].Turn + 1);
    }

    private static string? ExecutionOf(TaskMessage task) =>
        string.IsNullOrEmpty(task.OrchestrationInstance.ExecutionId) ? null : task.OrchestrationInstance.ExecutionId;

    private static TaskMessage Task(string id, string? execution, string json) => new()
    {
        OrchestrationInstance = new OrchestrationInstance { InstanceId = id, ExecutionId = execution },
        Event = HistoryJson.Read(json)[0],
    };
}
