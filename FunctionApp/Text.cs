namespace FunctionApp;

internal static class Text
{
    /// <summary>The text, or its first <paramref name="length"/> characters; no half of a surrogate pair is left.</summary>
    public static string Truncate(this string text, int length) =>
        text.Length <= length ? text : text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
}
