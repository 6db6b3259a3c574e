using System.Security.Cryptography;
using System.Text;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Emulator.Durable;

/// <summary>The code of an orchestration no longer does what its history says it did.</summary>
internal sealed class NonDeterministicOrchestrationException(string message) : Exception(message);

/// <summary>What an orchestration's code sees during one turn: it makes requests and gets their answers.</summary>
internal sealed class ReplayContext(InstanceRecord instance, ILoggerFactory loggers) : TaskOrchestrationContext
{
    // Requests that the history has not confirmed yet, by ID; ordered, as IDs count upwards.
    private readonly SortedDictionary<int, RequestEvent> _unconfirmed = [];
    private readonly Dictionary<int, TaskCompletionSource<string?>> _waiting = [];
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private int _nextId;
    private int _guids;
    private bool _finished;

    public DateTime Clock { get; set; }

    public bool Replaying { get; set; } = true;

    public IEnumerable<RequestEvent> NewRequests => _unconfirmed.Values;

    public bool Waiting => _waiting.Count > 0;

    public override TaskName Name => instance.Name;

    public override string InstanceId => instance.Id;

    public override DateTime CurrentUtcDateTime => Clock;

    public override bool IsReplaying => Replaying;

    protected override ILoggerFactory LoggerFactory => loggers;

    /// <summary>The turn is over: code that goes on regardless, on another thread, can do no harm.</summary>
    public void Finish() => _finished = true;

    /// <exception cref="NonDeterministicOrchestrationException">The code did not request what the history says.</exception>
    public void Apply(HistoryEvent past)
    {
        switch (past)
        {
            case RequestEvent request:
                if (!_unconfirmed.Remove(request.Id, out RequestEvent? made) || !IsSame(made, request))
                {
                    throw new NonDeterministicOrchestrationException(
                        $"The orchestration '{instance.Name}' diverged from its history: request #{request.Id} was {Describe(request)}, but its code now made {Describe(made)}. Was the code changed while instances were running, or is it not deterministic?");
                }

                break;
            case AnswerEvent answer when _waiting.Remove(answer.Id, out TaskCompletionSource<string?>? source):
                Settle(source, answer);
                break;
            case AnswerEvent answer when answer.Id >= _nextId:
                throw new NonDeterministicOrchestrationException(
                    $"The orchestration '{instance.Name}' diverged from its history: request #{answer.Id} was answered, but its code no longer makes it.");
        }
    }

    public override T? GetInput<T>()
        where T : default
        => TaskHub.Converter.Deserialize<T>(instance.Input);

    public override async Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null)
    {
        RetryPolicy? policy = options?.Retry?.Policy;
        string? serialized = TaskHub.Converter.Serialize(input);
        DateTime firstAttempt = CurrentUtcDateTime;
        for (int attempt = 1; ; attempt++)
        {
            int id = _nextId;
            TimeSpan? delay;
            try
            {
                string? result = await Request(new TaskScheduled(id, name, serialized));
                return TaskHub.Converter.Deserialize<TResult>(result)!;
            }
            catch (RemoteFailureException e)
            {
                delay = policy is null ? null : NextDelay(policy, attempt, CurrentUtcDateTime - firstAttempt, e.Failure);
                if (delay is null)
                {
                    throw new TaskFailedException(name, id, e.Failure);
                }
            }

            await CreateTimer(delay.Value, CancellationToken.None);
        }
    }

    public override async Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        int id = _nextId;
        Task<string?> fired = Request(new TimerCreated(id, fireAt.ToUniversalTime()));
        TaskCompletionSource<string?> source = _waiting[id];
        await using CancellationTokenRegistration registration = cancellationToken.Register(() =>
        {
            if (_waiting.Remove(id))
            {
                source.SetCanceled(cancellationToken);
            }
        });
        await fired;
    }

    public override Guid NewGuid()
    {
        CheckThread();
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{instance.Id}/{Clock:O}/{_guids++}"));
        return new Guid(hash.AsSpan(0, 16));
    }

    private static bool IsSame(RequestEvent made, RequestEvent past) => (made, past) switch
    {
        (TaskScheduled now, TaskScheduled then) => (TaskName)now.Name == then.Name,
        (TimerCreated, TimerCreated) => true,
        _ => false,
    };

    private static string Describe(RequestEvent? request) => request switch
    {
        TaskScheduled task => $"the activity '{task.Name}'",
        TimerCreated => "a timer",
        _ => "no such request",
    };

    private static TimeSpan? NextDelay(RetryPolicy policy, int attempt, TimeSpan elapsed, TaskFailureDetails failure)
    {
        if (attempt >= policy.MaxNumberOfAttempts
            || (policy.RetryTimeout != Timeout.InfiniteTimeSpan && elapsed >= policy.RetryTimeout)
            || !policy.ShouldRetry(failure))
        {
            return null;
        }

        double milliseconds = policy.FirstRetryInterval.TotalMilliseconds * Math.Pow(policy.BackoffCoefficient, attempt - 1);
        double limit = policy.MaxRetryInterval == Timeout.InfiniteTimeSpan
            ? TimeSpan.MaxValue.TotalMilliseconds / 2
            : policy.MaxRetryInterval.TotalMilliseconds;
        return TimeSpan.FromMilliseconds(Math.Min(milliseconds, limit));
    }

    private static void Settle(TaskCompletionSource<string?> source, AnswerEvent answer)
    {
        switch (answer)
        {
            case TaskCompleted completed:
                source.SetResult(completed.Result);
                break;
            case TaskFailed failed:
                source.SetException(new RemoteFailureException(failed.Failure));
                break;
            default:
                source.SetResult(null);
                break;
        }
    }

    private Task<string?> Request(RequestEvent request)
    {
        CheckThread();
        var source = new TaskCompletionSource<string?>();
        _unconfirmed.Add(request.Id, request);
        _waiting.Add(request.Id, source);
        _nextId++;
        return source.Task;
    }

    private void CheckThread()
    {
        if (_finished || Environment.CurrentManagedThreadId != _thread)
        {
            throw new InvalidOperationException("An orchestration's context may only be used by the orchestration's own code.");
        }
    }

    private sealed class RemoteFailureException(TaskFailureDetails failure) : Exception(failure.ErrorMessage)
    {
        public TaskFailureDetails Failure { get; } = failure;
    }
}
