using Microsoft.Extensions.Configuration;

namespace FunctionApp.Multiply;

/// <summary>The settings <c>SlowMultiply__Delay</c> and <c>SlowMultiply__Timeout</c>.</summary>
/// <param name="Delay">Stands in for the long computation. Default 2 seconds.</param>
/// <param name="Timeout">How long a task may take, retries included, before it fails. Default 5 minutes.</param>
public sealed record SlowMultiplySettings(TimeSpan Delay, TimeSpan Timeout)
{
    /// <exception cref="StartupException">A setting is not a time span, negative, or (timeout) zero.</exception>
    internal static SlowMultiplySettings Read(IConfiguration configuration) => new(
        ReadTimeSpan(configuration, "Delay", TimeSpan.FromSeconds(2), TimeSpan.Zero),
        ReadTimeSpan(configuration, "Timeout", TimeSpan.FromMinutes(5), TimeSpan.FromMilliseconds(1)));

    private static TimeSpan ReadTimeSpan(IConfiguration configuration, string name, TimeSpan defaultValue, TimeSpan minimum)
    {
        string? text = configuration[$"SlowMultiply:{name}"];
        if (string.IsNullOrWhiteSpace(text))
        {
            return defaultValue;
        }

        // Task.Delay takes at most int.MaxValue milliseconds.
        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan value)
            && value >= minimum && value <= TimeSpan.FromMilliseconds(int.MaxValue)
            ? value
            : throw new StartupException(
                $"The setting SlowMultiply__{name} is \"{text}\", but must be a time span from {minimum} to 24 days, such as \"00:00:02\" for two seconds.");
    }
}
