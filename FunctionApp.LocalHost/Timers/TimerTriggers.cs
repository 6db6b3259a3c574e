using System.Text.Json;
using FunctionApp.LocalHost.Worker;
using FunctionApp.LocalHost.Worker.Protocol;

namespace FunctionApp.LocalHost.Timers;

/// <summary>Runs the app's timer functions by their schedules, one run of a function at a time.</summary>
internal sealed class TimerTriggers(
    IReadOnlyDictionary<AppFunction, Schedule> timers, WorkerSupervisor workers, InvocationLog log, Func<string> durableClient) : IAsyncDisposable
{
    // Task.Delay takes no more than some 49 days.
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(1);

    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    public void Start() => _running = Task.WhenAll(timers.Select(timer => RunAsync(timer.Key, timer.Value)));

    /// <summary>Starts a run now, without waiting for its end; false if there is no timer function of that name.</summary>
    public bool StartNow(string function)
    {
        (AppFunction? timer, Schedule? schedule) = timers.FirstOrDefault(timer => string.Equals(timer.Key.Name, function, StringComparison.OrdinalIgnoreCase));
        _ = timer is null ? null : RunOnceAsync(timer, schedule, last: default);
        return timer is not null;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task RunAsync(AppFunction timer, Schedule schedule)
    {
        DateTime last = default;
        DateTime next = timer.Trigger.TryGetProperty("runOnStartup", out JsonElement onStartup) && onStartup.ValueKind is JsonValueKind.True
            ? DateTime.UtcNow
            : schedule.Next(DateTime.UtcNow);
        while (true)
        {
            for (TimeSpan left = next - DateTime.UtcNow; left > TimeSpan.Zero; left = next - DateTime.UtcNow)
            {
                await Task.Delay(left < LongestDelay ? left : LongestDelay, _stopping.Token);
            }

            await RunOnceAsync(timer, schedule, last).WaitAsync(_stopping.Token);
            (last, next) = (next, schedule.Next(DateTime.UtcNow));
        }
    }

    private Task RunOnceAsync(AppFunction timer, Schedule schedule, DateTime last)
    {
        string id = Guid.NewGuid().ToString();
        // The worker's TimerInfo.
        string info = JsonSerializer.Serialize(new
        {
            Schedule = new { AdjustForDST = true },
            ScheduleStatus = new { Last = last, Next = schedule.Next(DateTime.UtcNow), LastUpdated = last },
            IsPastDue = false,
        });
        InvocationRequest request = timer.CreateRequest(id, new TypedData { Json = info }, durableClient());
        return log.RunAsync(timer.Name, id, () => workers.InvokeAsync(timer.Name, request));
    }
}
