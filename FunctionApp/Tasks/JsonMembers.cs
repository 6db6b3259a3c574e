using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace FunctionApp.Tasks;

/// <summary>
/// A request's body that should be a JSON object, in UTF-8 with or without a byte order mark: its members by name, and
/// what is wrong with them. A kind of task asks for the members it needs; others are ignored.
/// </summary>
public sealed class JsonMembers
{
    // Messages about the body as a whole stand under this name.
    private const string Whole = "body";

    private readonly Dictionary<string, JsonElement> _members = [];
    private readonly HashSet<string> _repeated = [];

    // Where the text stopped being JSON, if within a member: that one is not missing, but wrong.
    private string? _broken;

    private JsonMembers()
    {
    }

    /// <summary>Member name to messages; empty while nothing wrong was found.</summary>
    public Dictionary<string, string[]> Errors { get; } = [];

    public static JsonMembers Parse(ReadOnlySpan<byte> body)
    {
        ReadOnlySpan<byte> json = body.StartsWith(Encoding.UTF8.Preamble) ? body[Encoding.UTF8.Preamble.Length..] : body;
        var members = new JsonMembers();
        try
        {
            members.Read(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter for half a surrogate pair
        {
            members.Errors[Whole] = [json.IsEmpty ? "is required" : "must be valid JSON in UTF-8"];
        }

        return members;
    }

    /// <summary>The members of an object within a body.</summary>
    public static JsonMembers Of(JsonElement json)
    {
        var members = new JsonMembers();
        foreach (JsonProperty property in json.EnumerateObject())
        {
            members.Add(property.Name, property.Value);
        }

        return members;
    }

    /// <summary>
    /// The member, if it is there once and <paramref name="isValid"/>; otherwise the default element, and
    /// <see cref="Errors"/> has a message, such as <paramref name="mustBe"/>.
    /// </summary>
    public JsonElement Required(string name, Func<JsonElement, bool> isValid, string mustBe)
    {
        if (!_members.TryGetValue(name, out JsonElement member))
        {
            Errors[name] = [name == _broken ? mustBe : "is required"];
            return default;
        }

        if (_repeated.Contains(name) || !isValid(member))
        {
            Errors[name] = [_repeated.Contains(name) ? "must occur only once" : mustBe];
            return default;
        }

        return member;
    }

    private void Add(string name, JsonElement value)
    {
        if (!_members.TryAdd(name, value))
        {
            _repeated.Add(name);
        }
    }

    private void Read(ReadOnlySpan<byte> json)
    {
        // The reader takes any bytes inside a string that it need not decode.
        if (!Utf8.IsValid(json))
        {
            throw new JsonException("The body is not UTF-8.");
        }

        var reader = new Utf8JsonReader(json);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            Errors[Whole] = ["must be a JSON object"];
        }
        else
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                _broken = name;
                var value = JsonElement.ParseValue(ref reader);
                _broken = null;
                Add(name, value);
            }
        }

        // Fails if something follows.
        reader.Read();
    }
}
