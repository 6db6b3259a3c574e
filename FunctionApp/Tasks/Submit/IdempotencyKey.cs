using System.Text.RegularExpressions;
using Microsoft.Extensions.Primitives;

namespace FunctionApp.Tasks;

/// <summary>
/// The request header <c>Idempotency-Key</c>: whoever sends the same key gets the same task.
/// Source: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
/// </summary>
internal static partial class IdempotencyKey
{
    public const string Header = "Idempotency-Key";

    private const int MaxLength = 255;

    /// <summary>
    /// The SHA-256 of the key, in 64 hexadecimal digits; false if the header is not one value of 1 to 255 visible ASCII
    /// characters, bare or as a quoted string.
    /// </summary>
    public static bool TryHash(StringValues header, out string hash)
    {
        string key = header.Count == 1 ? header[0]! : "";
        if (key is ['"', .., '"'] && QuotedString().IsMatch(key))
        {
            key = Escape().Replace(key[1..^1], "$1");
        }

        bool isValid = key.Length is > 0 and <= MaxLength && key.All(character => character is >= '!' and <= '~');
        hash = isValid ? key.Sha256() : "";
        return isValid;
    }

    // A structured field's string: https://www.rfc-editor.org/rfc/rfc9651#name-strings
    [GeneratedRegex("""^"(?:[^"\\]|\\["\\])*"$""")]
    private static partial Regex QuotedString();

    [GeneratedRegex("""\\(["\\])""")]
    private static partial Regex Escape();
}
