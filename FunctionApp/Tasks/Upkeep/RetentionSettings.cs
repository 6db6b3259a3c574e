using Microsoft.Extensions.Configuration;

namespace FunctionApp.Tasks;

/// <summary>The setting <c>Retention__Days</c>.</summary>
public sealed class RetentionSettings
{
    /// <summary>Days that ended tasks are kept; 0 for ever. Default 30.</summary>
    public int Days { get; set; } = 30;

    /// <summary>How long ended tasks are kept; null for ever.</summary>
    public TimeSpan? Period => Days == 0 ? null : TimeSpan.FromDays(Days);

    /// <exception cref="StartupException">The setting is not a whole number from 0 to 36,500.</exception>
    public static void Read(RetentionSettings settings, IConfiguration configuration)
    {
        if (configuration["Retention:Days"] is { Length: > 0 } text)
        {
            settings.Days = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int days) && days <= 36_500
                ? days
                : throw new StartupException(
                    $"The setting Retention__Days is \"{text}\", but must be a whole number of days from 0 (keep for ever) to 36500.");
        }
    }
}
