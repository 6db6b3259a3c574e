using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace FunctionApp.Tasks;

/// <summary>
/// A request's body that should be a JSON object, in UTF-8 with or without a byte order mark: its members by name, and
/// what is wrong with them. A kind of task asks for the members it needs; others are ignored, even twice, and cost
/// nothing: a document of the whole body would have to be built first, could not tell which of the members that were
/// asked for are wrong where the text is no JSON, and refuses either every member that is there twice, or none.
/// </summary>
public sealed class JsonMembers
{
    // Messages about the body as a whole stand under this name.
    private const string Whole = "body";

    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = TaskJson.MaxBodyDepth };

    // The body up to where it is wrong; or an object within a body.
    private readonly ReadOnlyMemory<byte> _text;
    private readonly JsonElement _object;

    private JsonMembers(ReadOnlyMemory<byte> text, JsonElement json)
    {
        _text = text;
        _object = json;
    }

    /// <summary>Member name to messages; empty while nothing wrong was found.</summary>
    public Dictionary<string, string[]> Errors { get; } = [];

    public static JsonMembers Parse(ReadOnlyMemory<byte> body)
    {
        ReadOnlyMemory<byte> json = body.Span.StartsWith(Encoding.UTF8.Preamble) ? body[Encoding.UTF8.Preamble.Length..] : body;
        (int length, string? error) = Check(json.Span);
        var members = new JsonMembers(json[..length], default);
        if (error is not null)
        {
            members.Errors[Whole] = [error];
        }

        return members;
    }

    /// <summary>The members of an object within a body.</summary>
    public static JsonMembers Of(JsonElement json) => new(default, json);

    /// <summary>The parameters of a query, each a text.</summary>
    internal static JsonMembers Of(IQueryCollection query)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            foreach ((string name, string? value) in query.SelectMany(parameter => parameter.Value.Select(value => (parameter.Key, value))))
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
        }

        return Of(JsonElement.Parse(json.WrittenSpan));
    }

    /// <summary>The same as <see cref="Required"/>, but null if the member is not there.</summary>
    public JsonElement? Optional(string name, Func<JsonElement, bool> isValid, string mustBe) =>
        Find(name).Count == 0 ? null : Required(name, isValid, mustBe);

    /// <summary>
    /// The member, if it is there once and <paramref name="isValid"/>; otherwise the default element, and
    /// <see cref="Errors"/> has a message, such as <paramref name="mustBe"/>.
    /// </summary>
    public JsonElement Required(string name, Func<JsonElement, bool> isValid, string mustBe)
    {
        (int count, JsonElement member) = Find(name);
        string? error = count == 0 ? "is required"
            : count > 1 ? "must occur only once"
            : member.ValueKind == JsonValueKind.Undefined || !isValid(member) ? mustBe
            : null;
        if (error is null)
        {
            return member;
        }

        Errors[name] = [error];
        return default;
    }

    /// <summary>
    /// How much of the text is JSON that can be decoded to its last character, and what is wrong with the whole. Half of
    /// a surrogate pair is correct as an escape sequence, but whoever asked for the text would get an exception.
    /// </summary>
    private static (int Length, string? Error) Check(ReadOnlySpan<byte> json)
    {
        // The reader takes any bytes inside a string that it need not decode.
        if (json.IsEmpty || !Utf8.IsValid(json))
        {
            return (0, json.IsEmpty ? "is required" : MustBeJson());
        }

        byte[] decoded = ArrayPool<byte>.Shared.Rent(json.Length);
        var reader = new Utf8JsonReader(json, ReaderOptions);
        int length = 0;
        JsonTokenType first = JsonTokenType.None;
        try
        {
            while (reader.Read())
            {
                first = first == JsonTokenType.None ? reader.TokenType : first;
                if (reader.ValueIsEscaped)
                {
                    reader.CopyString(decoded);
                }

                // The character after a token belongs to what is kept: without it, the reader could not tell where a number ends.
                length = Math.Min((int)reader.BytesConsumed + 1, json.Length);
            }

            return (length, first == JsonTokenType.StartObject ? null : "must be a JSON object");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter for half a surrogate pair
        {
            return (length, MustBeJson());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(decoded);
        }
    }

    private static string MustBeJson() => $"must be valid JSON in UTF-8, of at most {TaskJson.MaxBodyDepth} levels";

    private (int Count, JsonElement Value) Find(string name) =>
        _object.ValueKind == JsonValueKind.Object ? FindInObject(name) : FindInText(name);

    /// <summary>How often the member is there, and its first value: undefined where the text breaks off in it.</summary>
    private (int Count, JsonElement Value) FindInText(string name)
    {
        (int count, JsonElement value) = (0, default);
        var reader = new Utf8JsonReader(_text.Span, ReaderOptions);
        try
        {
            // Of a text that is no object, the second token is no property name, and the loop ends at once.
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals(name) && ++count == 1)
                {
                    value = JsonElement.ParseValue(ref reader);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
        catch (JsonException)
        {
            // The text is no JSON from here on; the check has put that among the errors.
        }

        return (count, value);
    }

    private (int Count, JsonElement Value) FindInObject(string name)
    {
        (int count, JsonElement value) = (0, default);
        foreach (JsonProperty property in _object.EnumerateObject())
        {
            if (property.NameEquals(name) && ++count == 1)
            {
                value = property.Value;
            }
        }

        return (count, value);
    }
}
