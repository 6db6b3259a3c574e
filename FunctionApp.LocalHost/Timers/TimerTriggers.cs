using System.Text.Json;
using FunctionApp.LocalHost.Worker;
using FunctionApp.LocalHost.Worker.Protocol;

namespace FunctionApp.LocalHost.Timers;

/// <summary>Runs the app's timer functions by their schedules, one run of a function at a time.</summary>
internal sealed class TimerTriggers : IAsyncDisposable
{
    // Task.Delay takes no more than some 49 days.
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(1);

    private readonly List<Timer> _timers;
    private readonly WorkerSupervisor _workers;
    private readonly InvocationLog _log;
    private readonly Func<string> _durableClient;
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    /// <exception cref="LocalHostException">A schedule is none.</exception>
    public TimerTriggers(IEnumerable<AppFunction> functions, IConfiguration configuration, WorkerSupervisor workers, InvocationLog log, Func<string> durableClient)
    {
        _workers = workers;
        _log = log;
        _durableClient = durableClient;
        _timers = [.. functions.Select(function => new Timer(function, Schedule.Parse(function, configuration)))];
    }

    public void Start() => _running = Task.WhenAll(_timers.Select(RunAsync));

    /// <summary>Starts a run now, without waiting for its end; false if there is no timer function of that name.</summary>
    public bool StartNow(string function)
    {
        Timer? timer = _timers.Find(timer => string.Equals(timer.Function.Name, function, StringComparison.OrdinalIgnoreCase));
        _ = timer is null ? null : RunOnceAsync(timer);
        return timer is not null;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task RunAsync(Timer timer)
    {
        try
        {
            if (timer.Function.Trigger.TryGetProperty("runOnStartup", out JsonElement runOnStartup) && runOnStartup.ValueKind is JsonValueKind.True)
            {
                await RunOnceAsync(timer).WaitAsync(_stopping.Token);
            }

            while (true)
            {
                timer.Next = timer.Schedule.Next(DateTime.UtcNow);
                for (TimeSpan left = timer.Next - DateTime.UtcNow; left > TimeSpan.Zero; left = timer.Next - DateTime.UtcNow)
                {
                    await Task.Delay(left < LongestDelay ? left : LongestDelay, _stopping.Token);
                }

                await RunOnceAsync(timer).WaitAsync(_stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    private Task RunOnceAsync(Timer timer)
    {
        string id = Guid.NewGuid().ToString();
        DateTime now = DateTime.UtcNow;
        InvocationRequest request = timer.Function.CreateRequest(id, new TypedData { Json = Info(timer, now) }, _durableClient());
        timer.Last = now;
        return _log.RunAsync(timer.Function.Name, id, () => _workers.InvokeAsync(timer.Function.Name, request));
    }

    // The worker's TimerInfo.
    private static string Info(Timer timer, DateTime now) => JsonSerializer.Serialize(new
    {
        Schedule = new { AdjustForDST = true },
        ScheduleStatus = new { timer.Last, Next = timer.Schedule.Next(now), LastUpdated = timer.Last },
        IsPastDue = false,
    });

    private sealed class Timer(AppFunction function, Schedule schedule)
    {
        public AppFunction Function => function;

        public Schedule Schedule => schedule;

        public DateTime Last { get; set; }

        public DateTime Next { get; set; }
    }
}
