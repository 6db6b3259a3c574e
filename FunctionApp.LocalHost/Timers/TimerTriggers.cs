using System.Text.Json;
using FunctionApp.LocalHost.Worker;
using FunctionApp.LocalHost.Worker.Protocol;

namespace FunctionApp.LocalHost.Timers;

/// <summary>Runs the app's timer functions by their schedules, one run of a function at a time.</summary>
internal sealed class TimerTriggers(AppFunction[] functions, IConfiguration configuration, WorkerSupervisor workers, InvocationLog log)
{
    // Task.Delay takes no more than some 49 days.
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(1);

    private readonly (AppFunction Function, Func<DateTime, DateTime> Next)[] _timers =
        [.. functions.Where(function => function.Trigger.Type is "timerTrigger").Select(function => (function, Schedule.Parse(function, configuration)))];

    /// <summary>Runs them until it is told to stop.</summary>
    public Task RunAsync(CancellationToken stopping) => Task.WhenAll(_timers.Select(timer => RunAsync(timer.Function, timer.Next, stopping)));

    /// <summary>Starts a run now, without waiting for its end; false if there is no timer function of that name.</summary>
    public bool StartNow(string function)
    {
        (AppFunction? timer, Func<DateTime, DateTime>? next) =
            Array.Find(_timers, timer => string.Equals(timer.Function.Name, function, StringComparison.OrdinalIgnoreCase));
        _ = timer is null ? null : RunOnceAsync(timer, next!, last: default);
        return timer is not null;
    }

    private async Task RunAsync(AppFunction timer, Func<DateTime, DateTime> findNext, CancellationToken stopping)
    {
        DateTime last = default;
        DateTime next = timer.Trigger.RunOnStartup is true ? DateTime.UtcNow : findNext(DateTime.UtcNow);
        while (true)
        {
            for (TimeSpan left = next - DateTime.UtcNow; left > TimeSpan.Zero; left = next - DateTime.UtcNow)
            {
                await Task.Delay(left < LongestDelay ? left : LongestDelay, stopping);
            }

            await RunOnceAsync(timer, findNext, last).WaitAsync(stopping);
            (last, next) = (next, findNext(DateTime.UtcNow));
        }
    }

    private Task RunOnceAsync(AppFunction timer, Func<DateTime, DateTime> findNext, DateTime last)
    {
        // The worker's TimerInfo.
        string info = JsonSerializer.Serialize(new
        {
            Schedule = new { AdjustForDST = true },
            ScheduleStatus = new { Last = last, Next = findNext(DateTime.UtcNow), LastUpdated = last },
            IsPastDue = false,
        });
        return log.RunAsync(timer.Name, id => workers.InvokeAsync(timer, id, new TypedData { Json = info }, []));
    }
}
