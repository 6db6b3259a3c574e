using System.Security.Cryptography;
using System.Text;

namespace FunctionApp;

internal static class Text
{
    /// <summary>The text, or its first <paramref name="length"/> characters; no half of a surrogate pair is left.</summary>
    public static string Truncate(this string text, int length) =>
        text.Length <= length ? text : text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];

    /// <summary>The SHA-256 of the text in UTF-8, in 64 hexadecimal digits.</summary>
    public static string Sha256(this string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
