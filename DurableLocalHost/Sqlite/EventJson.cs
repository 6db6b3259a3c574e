using System.Runtime.CompilerServices;
using System.Text;
using DurableTask.Core.History;
using Newtonsoft.Json;

namespace DurableLocalHost.Sqlite;

/// <summary>
/// DurableTask.Core's objects as JSON. Events are preceded by the number of their type, <c>4,{"EventId":0,...}</c>: that saves type names,
/// and looking for the type in the object. Newtonsoft.Json, because they are made for it (data contracts, setters that are not public).
/// </summary>
internal static class EventJson
{
    private static readonly JsonSerializer Serializer = JsonSerializer.Create(new JsonSerializerSettings
    {
        NullValueHandling = NullValueHandling.Ignore,
        DateParseHandling = DateParseHandling.None, // a text that looks like a date is still a text
    });

    private static readonly Dictionary<EventType, Type> Types =
        HistoryEvent.KnownTypes().ToDictionary(type => ((HistoryEvent)RuntimeHelpers.GetUninitializedObject(type)).EventType);

    public static string Write(object value)
    {
        var json = new StringWriter(new StringBuilder(512));
        Serializer.Serialize(json, value);
        return json.ToString();
    }

    public static string Write(IEnumerable<HistoryEvent> events)
    {
        var json = new StringWriter(new StringBuilder(1_024));
        string separator = "";
        foreach (HistoryEvent historyEvent in events)
        {
            json.Write($"{separator}{(int)historyEvent.EventType},");
            Serializer.Serialize(json, historyEvent);
            separator = ",";
        }

        return json.ToString();
    }

    public static T Read<T>(string json)
    {
        using var reader = new JsonTextReader(new StringReader(json)) { DateParseHandling = DateParseHandling.None };
        return Serializer.Deserialize<T>(reader)!;
    }

    public static List<HistoryEvent> ReadEvents(string json)
    {
        var events = new List<HistoryEvent>();
        using var reader = new JsonTextReader(new StringReader($"[{json}]")) { DateParseHandling = DateParseHandling.None };
        reader.Read();
        while (reader.ReadAsInt32() is int type)
        {
            reader.Read();
            events.Add((HistoryEvent)Serializer.Deserialize(reader, Types[(EventType)type])!);
        }

        return events;
    }
}
