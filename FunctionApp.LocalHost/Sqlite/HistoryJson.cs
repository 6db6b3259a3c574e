using System.Runtime.CompilerServices;
using System.Text;
using DurableTask.Core;
using DurableTask.Core.History;
using Newtonsoft.Json;

namespace FunctionApp.LocalHost.Sqlite;

/// <summary>
/// History events as text: the number of the event's type, then the event's own members: <c>4,{"EventId":0,...}</c>.
/// The number in front saves type names, and a search through the object, when it is read again.
/// </summary>
internal static class HistoryJson
{
    // Newtonsoft.Json, because the events' members are made for it: data contracts, fields, setters that are not public.
    private static readonly JsonSerializer Serializer = JsonSerializer.Create(new JsonSerializerSettings
    {
        NullValueHandling = NullValueHandling.Ignore,
        // A string that looks like a date is still a string.
        DateParseHandling = DateParseHandling.None,
    });

    private static readonly Dictionary<EventType, Type> Types =
        HistoryEvent.KnownTypes().ToDictionary(type => ((HistoryEvent)RuntimeHelpers.GetUninitializedObject(type)).EventType);

    public static string Write(HistoryEvent historyEvent)
    {
        var text = new StringBuilder(256);
        text.Append((int)historyEvent.EventType).Append(',');
        using var writer = new StringWriter(text);
        Serializer.Serialize(writer, historyEvent);
        return text.ToString();
    }

    /// <summary>Reads what <see cref="Write"/> wrote, one event or several with commas between them.</summary>
    public static List<HistoryEvent> Read(string text)
    {
        var events = new List<HistoryEvent>();
        using var reader = new JsonTextReader(new StringReader($"[{text}]")) { DateParseHandling = DateParseHandling.None };
        reader.Read();
        while (reader.ReadAsInt32() is int type)
        {
            reader.Read();
            events.Add((HistoryEvent)Serializer.Deserialize(reader, Types[(EventType)type])!);
        }

        return events;
    }

    public static string? WriteTags(IDictionary<string, string>? tags) =>
        tags is { Count: > 0 } ? JsonConvert.SerializeObject(tags) : null;

    public static Dictionary<string, string>? ReadTags(string? text) =>
        text == null ? null : JsonConvert.DeserializeObject<Dictionary<string, string>>(text);

    /// <returns>The context of an activity whose orchestration has these tags.</returns>
    public static OrchestrationExecutionContext ReadContext(string? tags) => JsonConvert.DeserializeObject<OrchestrationExecutionContext>(
        $$"""{"{{nameof(OrchestrationExecutionContext.OrchestrationTags)}}":{{tags ?? "{}"}}}""")!;
}
