using System.Collections.Concurrent;
using Microsoft.Azure.WebJobs.Extensions.Timers;

namespace DurableLocalHost.WebJobs;

/// <summary>The last and next runs of WebJobs' timers, for as long as the host runs: what it missed before is not made up for.</summary>
internal sealed class TimerMonitor : ScheduleMonitor
{
    private readonly ConcurrentDictionary<string, ScheduleStatus> _timers = new();

    public override Task<ScheduleStatus?> GetStatusAsync(string timerName) => Task.FromResult(_timers.GetValueOrDefault(timerName));

    public override Task UpdateStatusAsync(string timerName, ScheduleStatus status) => Task.FromResult(_timers[timerName] = status);

    /// <summary>Runs a timer's function now. WebJobs logs it if that fails.</summary>
    public static Task RunAsync(IJobHost jobs, AppFunction timer) =>
        jobs.CallAsync(timer.Name, new Dictionary<string, object> { [timer.Trigger.Name] = "" });
}
