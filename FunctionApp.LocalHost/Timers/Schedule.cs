using NCrontab;

namespace FunctionApp.LocalHost.Timers;

/// <summary>When a timer function runs, in UTC as in Azure: by a cron expression of five or six fields, or at an interval.</summary>
internal sealed class Schedule
{
    private readonly CrontabSchedule? _cron;
    private readonly TimeSpan _interval;

    private Schedule(CrontabSchedule? cron, TimeSpan interval) => (_cron, _interval) = (cron, interval);

    /// <exception cref="LocalHostException">The function's schedule is neither, or names a setting that is not there.</exception>
    public static Schedule Parse(AppFunction function, IConfiguration configuration)
    {
        string expression = function["schedule"] ?? "";
        if (expression is ['%', .. string setting, '%'])
        {
            expression = configuration[setting.Replace("__", ":", StringComparison.Ordinal)] ?? throw new LocalHostException(
                $"The schedule of the function {function.Name} is in the setting {setting}, which is missing.");
        }

        if (TimeSpan.TryParse(expression, CultureInfo.InvariantCulture, out TimeSpan interval) && interval > TimeSpan.Zero)
        {
            return new Schedule(null, interval);
        }

        bool seconds = expression.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length == 6;
        return CrontabSchedule.TryParse(expression, new CrontabSchedule.ParseOptions { IncludingSeconds = seconds }) is { } cron
            ? new Schedule(cron, default)
            : throw new LocalHostException(
                $"The schedule of the function {function.Name} is \"{expression}\", which is neither a cron expression of six fields nor an interval.");
    }

    /// <summary>The first time after that one.</summary>
    public DateTime Next(DateTime after) => _cron?.GetNextOccurrence(after) ?? after + _interval;
}
