using NCrontab;

namespace FunctionApp.LocalHost.Timers;

/// <summary>When a timer function runs, in UTC as in Azure.</summary>
internal static class Schedule
{
    /// <summary>By a cron expression of five or six fields, or an interval; in the binding, or in the setting that it names as %NAME%.</summary>
    /// <returns>The first time after a given one.</returns>
    /// <exception cref="LocalHostException">The function's schedule is neither, or names a setting that is not there.</exception>
    public static Func<DateTime, DateTime> Parse(AppFunction function, IConfiguration configuration)
    {
        string expression = function.Trigger.Schedule ?? "";
        if (expression is ['%', .. string setting, '%'])
        {
            expression = configuration[setting.Replace("__", ":")] ?? throw new LocalHostException(
                $"The schedule of the function {function.Name} is in the setting {setting}, which is missing.");
        }

        bool seconds = expression.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length == 6;
        return TimeSpan.TryParse(expression, out TimeSpan interval) && interval > TimeSpan.Zero
            ? after => after + interval
            : CrontabSchedule.TryParse(expression, new CrontabSchedule.ParseOptions { IncludingSeconds = seconds }) is { } cron
            ? cron.GetNextOccurrence
            : throw new LocalHostException(
                $"The schedule of the function {function.Name} is \"{expression}\", which is neither a cron expression of six fields nor an interval.");
    }
}
