using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace FunctionApp.Tasks;

/// <summary>The preference <c>wait</c> of the request header <c>Prefer</c> (RFC 7240).</summary>
internal static class Prefer
{
    private const int LongestWait = 60;

    /// <summary>How many seconds the caller would wait, at most 60; null if none are named, or not readably.</summary>
    public static int? Wait(HttpRequest request)
    {
        // A preference is written like the elements of Accept and the like: name=value, separated by commas.
        foreach (NameValueHeaderValue preference in
            NameValueHeaderValue.TryParseList(request.Headers["Prefer"], out IList<NameValueHeaderValue>? preferences) ? preferences : [])
        {
            if (preference.Name.Equals("wait", StringComparison.OrdinalIgnoreCase))
            {
                return int.TryParse(
                    HeaderUtilities.RemoveQuotes(preference.Value), NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
                    ? Math.Min(seconds, LongestWait)
                    : null;
            }
        }

        return null;
    }
}
