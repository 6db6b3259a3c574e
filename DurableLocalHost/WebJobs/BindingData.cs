using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace DurableLocalHost.WebJobs;

/// <summary>
/// What a function's parameters, and the {expressions} in the names of queues and blobs, are bound to by their names.
/// https://github.com/Azure/azure-functions-host/blob/dev/src/WebJobs.Script/Utility.cs
/// </summary>
internal static class BindingData
{
    /// <summary>Adds the properties of what started the function, if that is a JSON object, but for arrays.</summary>
    public static void AddProperties(Dictionary<string, object> data, string? input)
    {
        foreach (JProperty property in ReadObject(input)?.Properties() ?? [])
        {
            if (property.Value is JObject or JValue { Value: not null })
            {
                data[property.Name] = property.Value is JObject ? property.Value : (object)(string)property.Value!;
            }
        }
    }

    /// <summary>What a worker gets of it: all but what WebJobs itself needs.</summary>
    public static IEnumerable<KeyValuePair<string, object>> ForWorker(Dictionary<string, object> data) =>
        data.Where(pair => pair.Value is not null && pair.Value.GetType().Name is not "SystemBindingData");

    // A text that is no JSON object is no mistake: then there is nothing to bind to.
    private static JObject? ReadObject(string? text)
    {
        if (text is null || text.AsSpan().Trim() is not ['{', .., '}'])
        {
            return null;
        }

        try
        {
            return JObject.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
