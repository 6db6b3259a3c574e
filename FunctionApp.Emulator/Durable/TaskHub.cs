using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Emulator.Durable;

/// <summary>The functions that a task hub can run. Their inputs and outputs are JSON.</summary>
internal interface IDurableFunctions
{
    /// <summary>Null if there is no such orchestration; its task fails with whatever the code throws.</summary>
    public Func<TaskOrchestrationContext, Task<string?>>? FindOrchestration(string name);

    /// <exception cref="Exception">Whatever the activity throws.</exception>
    public Task<string?> RunActivityAsync(string name, string? input, CancellationToken cancellationToken);
}

/// <summary>How many functions a task hub runs at once.</summary>
internal sealed record TaskHubOptions(int MaxConcurrentActivityFunctions, int MaxConcurrentOrchestratorFunctions);

/// <summary>The task hub takes no more until it has worked off some of what it has.</summary>
internal sealed class BacklogFullException(int limit) : Exception($"The task hub has {limit:N0} unfinished instances.");

/// <summary>
/// Runs orchestrations and their activities. Each step is journaled before it has an effect: an instance before its
/// start is acknowledged, a turn's requests before they are dispatched. An activity whose result was not journaled
/// when the process ended runs again after the next start.
/// </summary>
internal sealed class TaskHub(
    Journal journal, IDurableFunctions functions, TaskHubOptions options, ILoggerFactory loggers, TimeProvider time) : IAsyncDisposable
{
    // Unfinished instances are kept in memory.
    private const int MaxUnfinished = 10_000;

    private static readonly TimeSpan JournalRetryDelay = TimeSpan.FromSeconds(1);

    private readonly ILogger _logger = loggers.CreateLogger("TaskHub");
    private readonly ConcurrentDictionary<string, OrchestrationInstance> _active = new();
    private readonly Channel<OrchestrationInstance> _turns = Channel.CreateUnbounded<OrchestrationInstance>();
    private readonly Channel<(OrchestrationInstance Instance, TaskScheduled Task)> _activities =
        Channel.CreateUnbounded<(OrchestrationInstance, TaskScheduled)>();

    private readonly ConcurrentDictionary<(string What, string ErrorType), long> _failuresLogged = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _graceOver = new();
    private Task[] _turnWorkers = [];
    private Task[] _activityWorkers = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static DataConverter Converter => JsonDataConverter.Default;

    /// <summary>Takes up every unfinished instance where its history ends, then starts to work.</summary>
    public void Start()
    {
        foreach (OrchestrationInstance instance in journal.LoadUnfinished())
        {
            _active[instance.Record.Id] = instance;
            HashSet<int> answered = [.. instance.History.OfType<AnswerEvent>().Select(answer => answer.Id)];
            Dispatch(instance, instance.History.OfType<RequestEvent>().Where(request => !answered.Contains(request.Id)));
            Begin(instance);
        }

        _turnWorkers = [.. Enumerable.Range(0, options.MaxConcurrentOrchestratorFunctions).Select(_ => Task.Run(RunTurnsAsync))];
        _activityWorkers = [.. Enumerable.Range(0, options.MaxConcurrentActivityFunctions).Select(_ => Task.Run(RunActivitiesAsync))];
    }

    /// <summary>False if the ID is taken by an instance in one of the statuses <paramref name="dedupe"/>.</summary>
    /// <exception cref="BacklogFullException">There are 10,000 unfinished instances.</exception>
    public async Task<bool> AddAsync(
        string id, string name, string? input, DateTimeOffset? startAt, IReadOnlySet<OrchestrationRuntimeStatus> dedupe)
    {
        if (_active.Count >= MaxUnfinished)
        {
            throw new BacklogFullException(MaxUnfinished);
        }

        InstanceRecord? record;
        try
        {
            record = await journal.AddAsync(id, name, input, startAt, dedupe);
        }
        catch (SqliteException e)
        {
            LogJournalFailure(e);
            throw;
        }

        if (record is null)
        {
            return false;
        }

        var instance = new OrchestrationInstance(record, []);
        _active.AddOrUpdate(id, instance, (_, replaced) =>
        {
            replaced.Dispose();
            return instance;
        });
        Begin(instance);
        return true;
    }

    public InstanceRecord? Find(string id) =>
        _active.TryGetValue(id, out OrchestrationInstance? instance) ? instance.Record : journal.Find(id);

    public List<InstanceRecord> List(OrchestrationQuery query, long afterKey) => journal.List(query, afterKey);

    public async Task TerminateAsync(string id, string? output)
    {
        if (await journal.TerminateAsync(id, output) && _active.TryGetValue(id, out OrchestrationInstance? instance))
        {
            Remove(instance);
        }
    }

    public Task<int> PurgeAsync(string? id, PurgeInstancesFilter filter) => journal.PurgeAsync(id, filter);

    /// <summary>The instance as soon as <paramref name="isReached"/> holds.</summary>
    /// <exception cref="InvalidOperationException">There is no such instance.</exception>
    public async Task<InstanceRecord> WaitAsync(
        string id, Func<OrchestrationRuntimeStatus, bool> isReached, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed = Volatile.Read(ref _changed).Task;
            InstanceRecord record = Find(id) ?? throw new InvalidOperationException($"There is no instance '{id}'.");
            if (isReached(record.Status))
            {
                return record;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Lets running activities end, and journals what they answered, for as long as <paramref name="grace"/>; leaves
    /// the others to the next start.
    /// </summary>
    public async Task StopAsync(TimeSpan grace)
    {
        await _stopping.CancelAsync();
        _graceOver.CancelAfter(grace);
        await Task.WhenAll(_activityWorkers);
        _turns.Writer.TryComplete();
        await Task.WhenAll(_turnWorkers);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero);
        foreach (OrchestrationInstance instance in _active.Values)
        {
            instance.Dispose();
        }

        journal.Dispose();
        _stopping.Dispose();
        _graceOver.Dispose();
    }

    private void Begin(OrchestrationInstance instance)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (instance.Record.StartAt is { } startAt && startAt > now && instance.History.Count == 0)
        {
            instance.StartTimer(time, startAt - now, () => Deliver(instance, null));
        }
        else
        {
            Deliver(instance, null);
        }
    }

    private void Deliver(OrchestrationInstance instance, HistoryEvent? answer)
    {
        if (instance.Post(answer))
        {
            _turns.Writer.TryWrite(instance);
        }
    }

    private async Task RunTurnsAsync()
    {
        await foreach (OrchestrationInstance instance in ReadUntilStopped(_turns, _graceOver.Token))
        {
            try
            {
                await RunTurnAsync(instance);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }

            if (instance.EndTurn())
            {
                _turns.Writer.TryWrite(instance);
            }
        }
    }

    private async Task RunTurnAsync(OrchestrationInstance instance)
    {
        InstanceRecord record = instance.Record;
        List<HistoryEvent> answers = instance.TakeInbox();
        TurnResult turn = functions.FindOrchestration(record.Name) is { } orchestration
            ? OrchestrationTurn.Run(record, instance.History, answers, orchestration, loggers, time)
            : new([], OrchestrationRuntimeStatus.Failed, null, new(
                "System.ArgumentException", $"There is no orchestration '{record.Name}'.", null, null, null));
        if (turn is { Ended: false, NewEvents.Count: 0 })
        {
            return;
        }

        if (!await AppendAsync(instance, turn))
        {
            Remove(instance);
            return;
        }

        instance.History.AddRange(turn.NewEvents);
        instance.Record = record with { Status = turn.Status, Output = turn.Output, Failure = turn.Failure, UpdatedAt = time.GetUtcNow() };
        Dispatch(instance, turn.NewEvents.OfType<RequestEvent>());
        if (turn.Ended)
        {
            if (turn.Failure is { } failure)
            {
                _logger.LogWarning("{Orchestration} {InstanceId} failed: {Failure}", record.Name, record.Id, failure);
            }

            Remove(instance);
        }
        else
        {
            SignalChange();
        }
    }

    /// <summary>False if the instance has ended or is gone meanwhile. Tries again for as long as the journal cannot be written.</summary>
    /// <exception cref="OperationCanceledException">The hub stops; the next start runs the turn again.</exception>
    private async Task<bool> AppendAsync(OrchestrationInstance instance, TurnResult turn)
    {
        while (true)
        {
            try
            {
                return await journal.AppendAsync(instance.Record.Key, instance.History.Count, turn);
            }
            catch (SqliteException e)
            {
                LogJournalFailure(e);
                await Task.Delay(JournalRetryDelay, _stopping.Token);
            }
        }
    }

    private void Dispatch(OrchestrationInstance instance, IEnumerable<RequestEvent> requests)
    {
        foreach (RequestEvent request in requests)
        {
            if (request is TaskScheduled task)
            {
                _activities.Writer.TryWrite((instance, task));
            }
            else if (request is TimerCreated timer)
            {
                instance.StartTimer(time, timer.FireAt - time.GetUtcNow().UtcDateTime, () => Deliver(instance, new TimerFired(timer.Id)));
            }
        }
    }

    private async Task RunActivitiesAsync()
    {
        await foreach ((OrchestrationInstance instance, TaskScheduled task) in ReadUntilStopped(_activities, _stopping.Token))
        {
            try
            {
                string? result = await functions.RunActivityAsync(task.Name, task.Input, _graceOver.Token);
                Deliver(instance, new TaskCompleted(task.Id, result));
            }
            catch (OperationCanceledException) when (_graceOver.IsCancellationRequested)
            {
                // Its result is not journaled, so the next start runs it again.
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                var failure = TaskFailureDetails.FromException(e);
                LogFailure(task.Name, failure.ErrorType, failure.ErrorMessage);
                Deliver(instance, new TaskFailed(task.Id, failure));
            }
        }
    }

    private void LogJournalFailure(SqliteException e) => LogFailure("Writing the journal", e.GetType().Name, e.Message);

    // When many fail for one reason, one line in ten seconds says so.
    private void LogFailure(string what, string errorType, string message)
    {
        long now = Environment.TickCount64;
        bool isDue = _failuresLogged.TryGetValue((what, errorType), out long last)
            ? now - last >= 10_000 && _failuresLogged.TryUpdate((what, errorType), now, last)
            : _failuresLogged.TryAdd((what, errorType), now);
        if (isDue)
        {
            _logger.LogWarning("{What} failed: {Type}: {Message}", what, errorType, message.Split('\n', 2)[0].Trim());
        }
    }

    private static async IAsyncEnumerable<T> ReadUntilStopped<T>(
        Channel<T> channel, [EnumeratorCancellation] CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            T next;
            try
            {
                next = await channel.Reader.ReadAsync(stop);
            }
            catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
            {
                yield break;
            }

            yield return next;
        }
    }

    private void Remove(OrchestrationInstance instance)
    {
        instance.Dispose();
        _active.TryRemove(KeyValuePair.Create(instance.Record.Id, instance));
        SignalChange();
    }

    private void SignalChange() => Interlocked.Exchange(
        ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
