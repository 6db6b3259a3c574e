using System.Text.RegularExpressions;
using Microsoft.Extensions.Primitives;

namespace FunctionApp.Tasks;

/// <summary>Times and numbers in a query. An unescaped plus sign arrives as a space.</summary>
internal static partial class QueryText
{
    /// <summary>
    /// A time by RFC 3339; null if it is none. Digits beyond those that .NET has are cut off, and a leap second is the
    /// next one. Source: https://www.rfc-editor.org/rfc/rfc3339#section-5.6
    /// </summary>
    public static DateTimeOffset? ParseTime(StringValues text)
    {
        Match match = Rfc3339().Match(text.Count == 1 ? text[0]!.Replace(' ', '+') : "");
        if (!match.Success || !DateTime.TryParseExact(
            match.Groups["minute"].Value.ToUpperInvariant(), "yyyy-MM-dd'T'HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime minute))
        {
            return null;
        }

        int second = Read("second");
        long offset = (Read("hours") * TimeSpan.TicksPerHour) + (Read("minutes") * TimeSpan.TicksPerMinute);
        long utcMinute = minute.Ticks - (match.Groups["sign"].Value == "-" ? -offset : offset);
        bool isLastMinute = utcMinute % TimeSpan.TicksPerDay == TimeSpan.TicksPerDay - TimeSpan.TicksPerMinute;
        long ticks = utcMinute + (second * TimeSpan.TicksPerSecond) + Read("fraction");
        return (second == 60 && !isLastMinute) || ticks < 0 || ticks > DateTime.MaxValue.Ticks ? null : new DateTimeOffset(ticks, TimeSpan.Zero);

        int Read(string group) => match.Groups[group] is not { Success: true } part ? 0
            : int.Parse(group == "fraction" ? part.Value.PadRight(7, '0') : part.Value);
    }

    /// <summary>A number of seconds, from 0 to <paramref name="longest"/>; null if it is none.</summary>
    public static TimeSpan? ParseSeconds(StringValues text, TimeSpan longest) =>
        text.Count == 1
        // Also takes "Infinity" and "NaN", which are out of any range.
        && double.TryParse(
            text[0]!.Replace(' ', '+'), NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double seconds)
        && seconds >= 0 && seconds <= longest.TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : null;

    [GeneratedRegex(
        @"^(?<minute>[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}):(?<second>[0-5][0-9]|60)(?:\.(?<fraction>[0-9]{1,7})[0-9]*)?"
        + @"(?:[Zz]|(?<sign>[+-])(?<hours>[01][0-9]|2[0-3]):(?<minutes>[0-5][0-9]))\z")]
    private static partial Regex Rfc3339();
}
