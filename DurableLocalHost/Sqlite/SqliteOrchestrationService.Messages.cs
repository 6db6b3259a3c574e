using DurableTask.Core;
using DurableTask.Core.History;

namespace DurableLocalHost.Sqlite;

/// <summary>Sends messages, in the writer's transaction, and creates the instances that some of them start.</summary>
internal sealed partial class SqliteOrchestrationService
{
    /// <returns>What is to be done once it is committed. Null: nobody would read it, so it is not written.</returns>
    private Action? Send(Statements db, OutgoingMessage outgoing)
    {
        if (outgoing.Start is not null)
        {
            // A sub-orchestration. One of that ID that has not ended goes on, as with the Azure Storage provider.
            return Create(db, outgoing, status => !status.HasEnded());
        }

        string id = outgoing.Message.OrchestrationInstance.InstanceId;
        if (outgoing.Message.Event is ExecutionTerminatedEvent end && Instances.TerminateUnbegun(db, _hub, id, end))
        {
            return () => _queues.Remove(id);
        }

        Action? created = outgoing.EntityStart is { } start ? Create(db, start, status => !status.HasEnded()) : null;
        outgoing.Message.SequenceNumber = _file.NextNumber();
        return Messages.Insert(db, _hub, outgoing) is not long key ? null : () =>
        {
            created?.Invoke();
            _queues.Put(key, outgoing);
        };
    }

    /// <returns>What is to be done once it is committed. Null: there is one already, and it is kept.</returns>
    private Action? Create(Statements db, OutgoingMessage start, Predicate<OrchestrationStatus> isKept)
    {
        if (Instances.Find(db, _hub, start.Message.OrchestrationInstance.InstanceId) is { } earlier)
        {
            if (isKept(earlier.Status))
            {
                return null;
            }

            Instances.Delete(db, earlier.Key);
        }

        long key = _file.NextNumber();
        Instances.Insert(db, _hub, key, start.State!, start.Start!);
        start.Message.SequenceNumber = _file.NextNumber();
        Messages.Insert(db, _hub, start);
        return () => _queues.Add(key, start);
    }
}
