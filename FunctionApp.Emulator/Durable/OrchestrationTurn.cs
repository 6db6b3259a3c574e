using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Emulator.Durable;

/// <summary>What a turn adds to the history and, once the orchestration has ended, how it ended.</summary>
internal sealed record TurnResult(
    List<HistoryEvent> NewEvents, OrchestrationRuntimeStatus Status, string? Output, TaskFailureDetails? Failure)
{
    public bool Ended => Status != OrchestrationRuntimeStatus.Running;
}

/// <summary>
/// One turn of an orchestration: runs its code from the start, feeds it the history and then the new answers, until it
/// waits for something that is still to come. It is also the code's synchronization context, which keeps all of the
/// code on one thread and in one order.
/// </summary>
internal sealed class OrchestrationTurn : SynchronizationContext
{
    private const string IllegalAwait =
        "The orchestration awaited something other than a durable task (CallActivityAsync, CreateTimer). Move it into an activity.";

    private readonly Queue<(SendOrPostCallback Callback, object? State)> _continuations = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private volatile bool _strayed;

    private readonly InstanceRecord _instance;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;

    private OrchestrationTurn(InstanceRecord instance, ILoggerFactory loggers, TimeProvider time)
    {
        _instance = instance;
        _time = time;
        _logger = loggers.CreateLogger<OrchestrationTurn>();
    }

    public static TurnResult Run(
        InstanceRecord instance,
        IReadOnlyList<HistoryEvent> history,
        IReadOnlyList<HistoryEvent> answers,
        Func<TaskOrchestrationContext, Task<string?>> orchestration,
        ILoggerFactory loggers,
        TimeProvider time)
    {
        var turn = new OrchestrationTurn(instance, loggers, time);
        SynchronizationContext? previous = Current;
        SetSynchronizationContext(turn);
        try
        {
            return turn.Replay(new ReplayContext(instance, loggers), history, answers, orchestration);
        }
        finally
        {
            SetSynchronizationContext(previous);
        }
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        // A durable task continues on the turn's own thread; anything else would differ from replay to replay.
        if (Environment.CurrentManagedThreadId == _thread)
        {
            _continuations.Enqueue((d, state));
        }
        else
        {
            // The turn may be over; then the instance is stuck, and only this line says why.
            _strayed = true;
            _logger.LogError("{Orchestration} {InstanceId}: {Reason}", _instance.Name, _instance.Id, IllegalAwait);
        }
    }

    private TurnResult Replay(
        ReplayContext context,
        IReadOnlyList<HistoryEvent> history,
        IReadOnlyList<HistoryEvent> answers,
        Func<TaskOrchestrationContext, Task<string?>> orchestration)
    {
        Task<string?>? code = null;
        void Apply(HistoryEvent next)
        {
            if (next is TurnStarted turn)
            {
                context.Clock = turn.At;
                code ??= orchestration(context);
            }
            else
            {
                context.Apply(next);
            }

            while (_continuations.TryDequeue(out (SendOrPostCallback Callback, object? State) continuation))
            {
                continuation.Callback(continuation.State);
            }
        }

        try
        {
            foreach (HistoryEvent past in history)
            {
                Apply(past);
            }

            context.Replaying = false;
            List<HistoryEvent> newEvents = [];
            if (answers.Count > 0 || history.Count == 0)
            {
                newEvents = [new TurnStarted(_time.GetUtcNow().UtcDateTime), .. answers];
                newEvents.ForEach(Apply);
            }

            newEvents.AddRange(context.NewRequests);
            if (_strayed || (!code!.IsCompleted && !context.Waiting))
            {
                throw new InvalidOperationException(IllegalAwait);
            }

            return End(code, newEvents);
        }
        catch (Exception e) when (e is NonDeterministicOrchestrationException or InvalidOperationException)
        {
            return new([], OrchestrationRuntimeStatus.Failed, null, TaskFailureDetails.FromException(e));
        }
        finally
        {
            context.Finish();
        }
    }

    private static TurnResult End(Task<string?> code, List<HistoryEvent> newEvents) => code switch
    {
        { IsCompletedSuccessfully: true } =>
            new(newEvents, OrchestrationRuntimeStatus.Completed, code.Result, null),
        { IsCompleted: true } => new(
            newEvents,
            OrchestrationRuntimeStatus.Failed,
            null,
            TaskFailureDetails.FromException(code.Exception?.InnerException ?? new TaskCanceledException(code))),
        _ => new(newEvents, OrchestrationRuntimeStatus.Running, null, null),
    };
}
