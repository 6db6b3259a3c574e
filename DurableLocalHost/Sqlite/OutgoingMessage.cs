using DurableTask.Core;
using DurableTask.Core.Common;
using DurableTask.Core.History;

namespace DurableLocalHost.Sqlite;

/// <summary>A message that is to be sent, with all that its rows have: made before its write is queued, so that others do not wait for that.</summary>
internal sealed class OutgoingMessage
{
    public OutgoingMessage(TaskMessage message)
    {
        Message = message;
        Event = EventJson.Write([message.Event]);
        Context = message.OrchestrationExecutionContext is OrchestrationExecutionContext context ? EventJson.Write(context) : null;
        Due = message.DueTime() is DateTime due && due > DateTime.UtcNow ? due : null;
        if (message.Event is ExecutionStartedEvent start)
        {
            State = Instances.Created(start);
            Start = Instances.Start(State);
            return;
        }

        // A signal or a call makes its entity, if there is none.
        IList<TaskMessage> all = [message];
        EntityStart = Entities.AutoStart(message.OrchestrationInstance.InstanceId, all) ? new OutgoingMessage(all[0]) : null;
    }

    public TaskMessage Message { get; }
    public string Event { get; }
    public string? Context { get; }

    /// <summary>Null: at once.</summary>
    public DateTime? Due { get; }

    /// <summary>The start of the entity that it is for, in case that there is none.</summary>
    public OutgoingMessage? EntityStart { get; }

    /// <summary>Of a start: the state of its instance, and what of that stays as it is.</summary>
    public OrchestrationState? State { get; }

    /// <inheritdoc cref="State"/>
    public string? Start { get; }
}
