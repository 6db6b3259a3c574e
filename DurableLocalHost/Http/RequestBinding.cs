using System.Text.Json;
using Newtonsoft.Json.Linq;

namespace DurableLocalHost.Http;

/// <summary>
/// What a function's parameters can be bound to by their names, as the Functions host's HTTP trigger has it: the properties of a JSON body,
/// overridden by the values of the query, overridden by those of the route; and all values of the query, and all headers.
/// https://github.com/Azure/azure-webjobs-sdk-extensions/blob/dev/src/WebJobs.Extensions.Http/HttpTriggerAttributeBindingProvider.cs
/// </summary>
internal static class RequestBinding
{
    /// <param name="body">The request's body, if it has one of a known length.</param>
    public static Dictionary<string, object> Read(HttpRequest request, string? body)
    {
        var values = new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase);
        foreach (JProperty property in ReadObject(body)?.Properties() ?? [])
        {
            if (property.Value is JObject or JValue { Value: not null })
            {
                values[property.Name] = property.Value is JObject ? property.Value : (object)(string)property.Value!;
            }
        }

        var query = request.Query.ToDictionary(pair => pair.Key, pair => pair.Value[^1] ?? "");
        // The code is the host's own: a key.
        foreach ((string name, string value) in query.Where(pair => !pair.Key.Equals("code", StringComparison.OrdinalIgnoreCase)))
        {
            values[name] = value;
        }

        foreach ((string name, object? value) in request.RouteValues)
        {
            values[name] = $"{value}";
        }

        values.TryAdd("Query", new JsonText(JsonSerializer.Serialize(query)));
        values.TryAdd("Headers", new JsonText(JsonSerializer.Serialize(request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()))));
        return values;
    }

    // A body that is no JSON object is no mistake: then there is nothing to bind to.
    private static JObject? ReadObject(string? body)
    {
        if (body is null || body.AsSpan().Trim() is not ['{', .., '}'])
        {
            return null;
        }

        try
        {
            return JObject.Parse(body);
        }
        catch (Newtonsoft.Json.JsonException)
        {
            return null;
        }
    }
}
