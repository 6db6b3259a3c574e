using Microsoft.AspNetCore.Http;

namespace FunctionApp.Tasks;

/// <summary>The preference <c>wait</c> of the request header <c>Prefer</c>: https://www.rfc-editor.org/rfc/rfc7240#section-2</summary>
internal static class Prefer
{
    // Proxies and load balancers give up after 60 seconds by default: the answer should come before.
    private const int LongestWait = 50;

    /// <summary>How many seconds the caller would wait, at most 50; null if none are named, or not readably.</summary>
    public static int? Wait(HttpRequest request)
    {
        foreach (string preference in request.Headers.GetCommaSeparatedValues("Prefer"))
        {
            // What follows a semicolon are parameters, of which this preference has none. Of two with one name the first holds.
            string[] parts = preference.Split(';')[0].Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts[0].Equals("wait", StringComparison.OrdinalIgnoreCase))
            {
                string seconds = parts is [_, ['"', .. string quoted, '"']] ? quoted : parts[^1];
                return seconds.Length == 0 || !seconds.All(char.IsAsciiDigit) ? null
                    : int.TryParse(seconds, out int count) ? Math.Min(count, LongestWait)
                    : LongestWait;
            }
        }

        return null;
    }
}
