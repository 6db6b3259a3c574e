using Microsoft.Extensions.Configuration;

namespace FunctionApp;

/// <summary>What this app has to know of host.json, which lies beside it, and which settings may override.</summary>
/// <param name="FunctionTimeout">
/// After that time the host ends the worker, with all that runs in it; null for never.
/// Source: https://learn.microsoft.com/azure/azure-functions/functions-host-json#functiontimeout
/// </param>
/// <param name="MaxConcurrentActivities">
/// How many activities the host runs at once.
/// Source: https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-bindings#durable-functions-settings-in-hostjson
/// </param>
public sealed record HostSettings(TimeSpan? FunctionTimeout, int MaxConcurrentActivities)
{
    /// <summary>What an attempt may take beside its work: to wait for a place, and for storage, before and after it.</summary>
    public static readonly TimeSpan Reserve = TimeSpan.FromMinutes(5);

    private const string Unbounded = "-1";
    private const string TimeoutKey = "functionTimeout";
    private const string ActivitiesKey = "extensions:durableTask:maxConcurrentActivityFunctions";

    // Flex Consumption's default.
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(30);

    /// <param name="settings">Whose values under <c>AzureFunctionsJobHost</c> override the file's.</param>
    /// <exception cref="StartupException">A value cannot be read.</exception>
    public static HostSettings Read(IConfiguration settings)
    {
        string folder = Path.GetDirectoryName(typeof(HostSettings).Assembly.Location)!;
        IConfiguration file = new ConfigurationBuilder().SetBasePath(folder).AddJsonFile("host.json", optional: true).Build();
        string? timeout = Value(TimeoutKey);
        string? activities = Value(ActivitiesKey);
        return new(
            timeout is null ? DefaultTimeout
                : timeout == Unbounded ? null
                : TimeSpan.TryParse(timeout, out TimeSpan time) && time > TimeSpan.Zero ? time
                : throw new StartupException($"host.json: {TimeoutKey} is \"{timeout}\", but must be a time span, such as \"1.00:00:00\" for a day, or \"-1\" for no limit."),
            activities is null ? 10 * Environment.ProcessorCount
                : int.TryParse(activities, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0 ? number
                : throw new StartupException($"host.json: {ActivitiesKey.Replace(':', '.')} is \"{activities}\", but must be a whole number from 1 on."));

        string? Value(string key) => settings[$"AzureFunctionsJobHost:{key}"] ?? file[key];
    }
}
