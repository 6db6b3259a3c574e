using DurableTask.Core;
using DurableTask.Core.History;

namespace DurableLocalHost.Sqlite;

/// <summary>
/// Makes a failed instance, and those of its sub-orchestrations that failed, forget their failures, as the Azure Storage provider does: what failed
/// becomes an event without a meaning, so that it is run again, and the rest of the history stays.
/// </summary>
internal static class Rewinding
{
    /// <returns>Those that have to go on first, since they have no failed sub-orchestration; none if the instance has not failed.</returns>
    public static List<string> Run(Statements db, string hub, string id)
    {
        if (Instances.Find(db, hub, id) is not (long key, OrchestrationStatus.Failed))
        {
            return [];
        }

        List<(int Turn, List<HistoryEvent> Events)> turns = Histories.Turns(db, key);
        HistoryEvent[] all = [.. turns.SelectMany(turn => turn.Events)];
        HashSet<int> activities = [.. all.OfType<TaskFailedEvent>().Select(failed => failed.TaskScheduledId)];
        HashSet<int> children = [.. all.OfType<SubOrchestrationInstanceFailedEvent>().Select(failed => failed.TaskScheduledId)];
        List<string> first = [];
        // A child that is gone, or ended otherwise, is started anew.
        HashSet<int> again = [];
        foreach (SubOrchestrationInstanceCreatedEvent child in all.OfType<SubOrchestrationInstanceCreatedEvent>().Where(child => children.Contains(child.EventId)))
        {
            List<string> below = Run(db, hub, child.InstanceId);
            first.AddRange(below);
            if (below.Count == 0)
            {
                again.Add(child.EventId);
            }
        }

        foreach ((int turn, List<HistoryEvent> events) in turns)
        {
            Histories.Replace(db, key, turn, EventJson.Write(events.Select(historyEvent => IsForgotten(historyEvent) ? Forget(historyEvent) : historyEvent)));
        }

        Instances.SetPending(db, key);
        return first.Count > 0 ? first : [id];

        bool IsForgotten(HistoryEvent historyEvent) => historyEvent switch
        {
            TaskFailedEvent or SubOrchestrationInstanceFailedEvent or ExecutionCompletedEvent { OrchestrationStatus: OrchestrationStatus.Failed } => true,
            TaskScheduledEvent => activities.Contains(historyEvent.EventId),
            SubOrchestrationInstanceCreatedEvent => again.Contains(historyEvent.EventId),
            _ => false,
        };
    }

    private static GenericEvent Forget(HistoryEvent historyEvent) =>
        new(historyEvent.EventId, $"Rewound: {historyEvent.EventType}") { Timestamp = historyEvent.Timestamp };
}
