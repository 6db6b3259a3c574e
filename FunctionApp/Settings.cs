using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace FunctionApp;

/// <summary>Reads app settings, and says on one line what is wrong with one.</summary>
internal static partial class Settings
{
    // Task.Delay takes at most 49 days; no setting of this app has a use for more than 24.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(24);

    /// <summary>The time span in a setting; null if it is not set.</summary>
    /// <param name="name">As an environment variable has it, with <c>__</c>.</param>
    /// <exception cref="StartupException">It is not a time span, less than <paramref name="minimum"/> or more than 24 days.</exception>
    public static TimeSpan? ReadTimeSpan(this IConfiguration configuration, string name, TimeSpan minimum)
    {
        string? text = configuration[name.Replace("__", ":")];
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        // TimeSpan.Parse would read "24:00:00" as 24 days, and "5" as five days.
        return Notation().IsMatch(text) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan value) && value >= minimum && value <= Longest
            ? value
            : throw new StartupException(
                $"The setting {name} is \"{text}\", but must be a time span from {minimum} to 24 days, written as [d.]hh:mm:ss: "
                + "\"00:00:02\" for two seconds, \"1.01:00:00\" for 25 hours.");
    }

    /// <summary>The whole number in a setting; null if it is not set.</summary>
    /// <param name="name">As an environment variable has it, with <c>__</c>.</param>
    /// <exception cref="StartupException">It is no whole number, or out of range.</exception>
    public static int? ReadInteger(this IConfiguration configuration, string name, int minimum, int maximum)
    {
        string? text = configuration[name.Replace("__", ":")];
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= minimum && value <= maximum
            ? value
            : throw new StartupException($"The setting {name} is \"{text}\", but must be a whole number from {minimum} to {maximum}.");
    }

    [GeneratedRegex(@"^(?:[0-9]{1,8}\.)?(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,7})?\z")]
    private static partial Regex Notation();
}
