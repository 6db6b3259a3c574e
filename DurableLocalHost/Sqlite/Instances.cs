using DurableTask.Core;
using DurableTask.Core.Common;
using DurableTask.Core.History;
using DurableTask.Core.Query;

namespace DurableLocalHost.Sqlite;

/// <summary>The states of instances, and the rows of them and of their history.</summary>
internal static class Instances
{
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

    public static void Insert(Statements db, string hub, Instance instance) => db.Execute(
        "INSERT INTO instances (key, hub, id, execution, status, created, alive, state) VALUES ($1, $2, $3, $4, $5, $6, 1, $7)",
        instance.Key, hub, instance.Id, instance.State.OrchestrationInstance.ExecutionId, (int)instance.State.OrchestrationStatus,
        instance.State.CreatedTime.Ticks, EventJson.Write(instance.State));

    /// <returns>False if the instance has ended or is gone, and nothing was written.</returns>
    public static bool Update(Statements db, long key, OrchestrationState state) => db.Execute(
        "UPDATE instances SET execution = $2, status = $3, created = $4, alive = $5, state = $6 WHERE key = $1 AND alive",
        key, state.OrchestrationInstance.ExecutionId, (int)state.OrchestrationStatus, state.CreatedTime.Ticks,
        !state.OrchestrationStatus.HasEnded(), EventJson.Write(state)) > 0;

    /// <summary>Gives all that a hub has to another, which has nothing.</summary>
    public static Action? Move(Statements db, string hub, string newHub)
    {
        db.Execute("UPDATE instances SET hub = $2 WHERE hub = $1", hub, newHub);
        return null;
    }

    public static void Delete(Statements db, Instance instance) => db.Execute("DELETE FROM instances WHERE key = $1", instance.Key);

    public static Instance? Find(Statements db, string hub, string id) =>
        db.Query("SELECT key, state FROM instances WHERE hub = $1 AND id = $2", Instance.Read, hub, id).FirstOrDefault();

    public static List<Instance> Alive(Statements db, string hub) =>
        db.Query("SELECT key, state FROM instances WHERE hub = $1 AND alive", Instance.Read, hub);

    /// <returns>Those that match, in the order of their IDs, from behind the one that the continuation token names.</returns>
    public static List<Instance> List(Statements db, string hub, OrchestrationQuery query, int limit) => db.Query(
        """
        SELECT key, state FROM instances
        WHERE hub = $1 AND id > $2 AND id BETWEEN $3 AND $3 || char(0x10FFFF) AND created BETWEEN $4 AND $5
        AND (1 << status) & $6 AND NOT ($7 AND substr(id, 1, 1) = '@')
        ORDER BY id LIMIT $8
        """,
        Instance.Read, hub, query.ContinuationToken ?? "", query.InstanceIdPrefix ?? "",
        Messages.Utc(query.CreatedTimeFrom ?? DateTime.MinValue).Ticks, Messages.Utc(query.CreatedTimeTo ?? DateTime.MaxValue).Ticks,
        query.RuntimeStatus is { Count: > 0 } statuses ? statuses.Aggregate(0, (mask, status) => mask | (1 << (int)status)) : -1,
        query.ExcludeEntities, limit);

    public static void AppendHistory(Statements db, Instance instance, IEnumerable<HistoryEvent> events) => db.Execute(
        "INSERT INTO history (instance, turn, events) VALUES ($1, $2, $3)", instance.Key, instance.NextTurn, EventJson.Write(events));

    public static (List<HistoryEvent> Events, int NextTurn) History(Statements db, Instance instance)
    {
        List<(int Turn, string Events)> rows = db.Query(
            "SELECT turn, events FROM history WHERE instance = $1 ORDER BY turn", row => (row.GetInt32(0), row.GetString(1)), instance.Key);
        return ([.. rows.SelectMany(row => EventJson.ReadEvents(row.Events))], rows.Count == 0 ? 0 : rows[^1].Turn + 1);
    }
}
