using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace FunctionApp.Multiply;

/// <summary>Reads <c>{"x": number, "y": number}</c>, JSON in UTF-8 with or without a byte order mark.</summary>
internal static class MultiplicationBody
{
    private const int MaxNumberLength = 1_000;

    // Messages about the body as a whole stand under this name.
    private const string Whole = "body";

    /// <summary>Both numbers in the caller's own text, or what is wrong: member name to messages.</summary>
    public static (string X, string Y)? Parse(ReadOnlySpan<byte> body, out Dictionary<string, string[]> errors)
    {
        errors = [];
        string? x = null;
        string? y = null;
        string? member = null;
        ReadOnlySpan<byte> json = body.StartsWith(Encoding.UTF8.Preamble) ? body[Encoding.UTF8.Preamble.Length..] : body;
        var reader = new Utf8JsonReader(json);
        try
        {
            // The reader takes any bytes inside a string that it need not decode.
            if (!Utf8.IsValid(json))
            {
                throw new JsonException("The body is not UTF-8.");
            }

            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                errors[Whole] = ["must be a JSON object"];
            }
            else
            {
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    member = reader.ValueTextEquals("x"u8) ? "x" : reader.ValueTextEquals("y"u8) ? "y" : null;
                    reader.Read();
                    if (member == "x")
                    {
                        x = ReadNumber(ref reader, member, x is not null, errors);
                    }
                    else if (member == "y")
                    {
                        y = ReadNumber(ref reader, member, y is not null, errors);
                    }

                    reader.Skip();
                    member = null;
                }
            }

            // Fails if something follows.
            reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter for half a surrogate pair
        {
            errors[Whole] = [json.IsEmpty ? "is required" : "must be valid JSON in UTF-8"];
            if (member is not null)
            {
                errors[member] = ["must be a number"];
            }
        }

        if (x is null)
        {
            errors.TryAdd("x", ["is required"]);
        }

        if (y is null)
        {
            errors.TryAdd("y", ["is required"]);
        }

        return errors.Count == 0 ? (x!, y!) : null;
    }

    // Never null, so that a second occurrence is noticed even if the first was wrong.
    private static string ReadNumber(
        ref Utf8JsonReader reader, string member, bool duplicate, Dictionary<string, string[]> errors)
    {
        string? error = duplicate ? "must occur only once"
            : reader.TokenType != JsonTokenType.Number ? "must be a number"
            : reader.ValueSpan.Length > MaxNumberLength ? $"must have at most {MaxNumberLength:N0} characters"
            : null;
        if (error is not null)
        {
            errors[member] = [error];
            return "";
        }

        return Encoding.ASCII.GetString(reader.ValueSpan);
    }
}
