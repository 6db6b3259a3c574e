using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace DurableSample;

/// <summary>Functions that timers start, and an orchestration that tells of their runs.</summary>
public static class TimerFunctions
{
    private static int _ticks;
    private static int _leapDays;
    private static DateTime _nextLeapDay;

    [Function(nameof(Tick))]
    public static void Tick([TimerTrigger("%TickSchedule%")] TimerInfo timer) => _ticks++;

    /// <summary>Also runs when the host starts.</summary>
    [Function(nameof(LeapDay))]
    public static void LeapDay([TimerTrigger("0 0 0 29 2 *", RunOnStartup = true)] TimerInfo timer, [DurableClient] DurableTaskClient client)
    {
        _nextLeapDay = timer.ScheduleStatus!.Next;
        _leapDays++;
    }

    [Function(nameof(ReadTimers))]
    public static string ReadTimers([ActivityTrigger] string input) => $"{_ticks} {_leapDays} {_nextLeapDay:M/d}";

    /// <returns>How often Tick and LeapDay have run, and the day of the next LeapDay.</returns>
    [Function(nameof(Ticks))]
    public static Task<string> Ticks([OrchestrationTrigger] TaskOrchestrationContext context) => context.CallActivityAsync<string>(nameof(ReadTimers), "");
}
