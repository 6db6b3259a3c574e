using NCrontab;

namespace FunctionApp.LocalHost.Timers;

/// <summary>When a timer function runs, in UTC as in Azure.</summary>
/// <param name="Next">The first time after the given one.</param>
internal sealed record Schedule(Func<DateTime, DateTime> Next)
{
    /// <summary>By a cron expression of five or six fields, or an interval; in the binding, or in the setting that it names as %NAME%.</summary>
    /// <exception cref="LocalHostException">The function's schedule is neither, or names a setting that is not there.</exception>
    public static Schedule Parse(AppFunction function, IConfiguration configuration)
    {
        string expression = function.Trigger.Schedule ?? "";
        if (expression is ['%', .. string setting, '%'])
        {
            expression = configuration[setting.Replace("__", ":", StringComparison.Ordinal)] ?? throw new LocalHostException(
                $"The schedule of the function {function.Name} is in the setting {setting}, which is missing.");
        }

        bool seconds = expression.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length == 6;
        return TimeSpan.TryParse(expression, CultureInfo.InvariantCulture, out TimeSpan interval) && interval > TimeSpan.Zero
            ? new Schedule(after => after + interval)
            : CrontabSchedule.TryParse(expression, new CrontabSchedule.ParseOptions { IncludingSeconds = seconds }) is { } cron
            ? new Schedule(cron.GetNextOccurrence)
            : throw new LocalHostException(
                $"The schedule of the function {function.Name} is \"{expression}\", which is neither a cron expression of six fields nor an interval.");
    }
}
