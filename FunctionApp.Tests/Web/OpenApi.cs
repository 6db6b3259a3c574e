using System.Text.Json;
using System.Text.Json.Nodes;
using FunctionApp.Web;
using Json.Schema;

namespace FunctionApp.Tests.Web;

/// <summary>The API's own description, which every answer has to fit.</summary>
internal static class OpenApi
{
    public static readonly JsonObject Document = Read();

    // Callers may see members that are added later; a test does not accept one that the description lacks.
    private static readonly JsonObject Strict = Close(Document.DeepClone()).AsObject();

    // By their text. The library registers all schemas in one place, which does not bear two callers at once.
    private static readonly Dictionary<string, JsonSchema> Schemas = [];

    /// <summary>The operations: path template, such as <c>/tasks/{task_id}</c>, and method in lower case.</summary>
    public static IEnumerable<(string Path, string Method)> Operations() =>
        from path in Document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        select (path.Key, operation.Key);

    /// <summary>What stands there, or what it refers to within a description.</summary>
    public static JsonNode Resolve(JsonNode node, JsonNode document) =>
        node["$ref"]?.GetValue<string>() is not { } reference
            ? node
            : Resolve(reference[2..].Split('/').Aggregate(document, (parent, name) => parent[name]!), document);

    /// <summary>Fails unless the description has an answer of this status, and this one has its headers, content type and schema.</summary>
    /// <param name="response">Whose content is read, and can be read again.</param>
    /// <param name="path">As the description has it, such as <c>/tasks/{task_id}</c>.</param>
    public static async Task AssertValidAsync(HttpResponseMessage response, string path, string method)
    {
        int status = (int)response.StatusCode;
        string what = $"{method} {path} {status}";
        JsonNode? answers = Strict["paths"]![path]?[method.ToLowerInvariant()]?["responses"];
        JsonNode? described = answers?[status.ToString()] ?? (status == 500 ? answers?["default"] : null);
        Assert.True(described is not null, $"{what} is not described.");
        JsonNode answer = Resolve(described);
        AssertHeaders(response, answer["headers"]?.AsObject() ?? [], what);

        byte[] body = await response.Content.ReadAsByteArrayAsync();
        if (answer["content"] is null)
        {
            Assert.True(body.Length == 0, $"{what} has a body, which is not described.");
            return;
        }

        string mediaType = response.Content.Headers.ContentType?.MediaType ?? "none";
        JsonNode? content = answer["content"]![mediaType] ?? answer["content"]!["*/*"];
        Assert.True(content is not null, $"{what} has content of type {mediaType}, which is not described.");
        if (mediaType.EndsWith("json") && content["schema"] is not null)
        {
            using var json = JsonDocument.Parse(body);
            AssertValid(json.RootElement, content["schema"]!, what);
        }
    }

    /// <summary>Fails unless the JSON fits the schema of that name, such as <c>Task</c>.</summary>
    public static void AssertValid(JsonElement json, string schemaName) =>
        AssertValid(json, new JsonObject { ["$ref"] = $"#/components/schemas/{schemaName}" }, schemaName);

    private static void AssertHeaders(HttpResponseMessage response, JsonObject headers, string what)
    {
        foreach ((string name, JsonNode? reference) in headers)
        {
            JsonNode header = Resolve(reference!);
            if (response.Headers.TryGetValues(name, out IEnumerable<string>? values))
            {
                AssertValid(JsonSerializer.SerializeToElement(Assert.Single(values)), header["schema"]!, $"{what} {name}");
            }
            else
            {
                Assert.False(header["required"]?.GetValue<bool>() ?? false, $"{what} lacks {name}.");
            }
        }

        string[] described = ["Retry-After", "Preference-Applied", "ETag", "Location", "Operation-Location"];
        Assert.All(
            described.Where(name => response.Headers.Contains(name)),
            name => Assert.True(headers.ContainsKey(name), $"{what} has {name}, which is not described."));
    }

    private static void AssertValid(JsonElement json, JsonNode schema, string what)
    {
        EvaluationResults results;
        lock (Schemas)
        {
            string text = schema.ToJsonString();
            if (!Schemas.TryGetValue(text, out JsonSchema? whole))
            {
                Schemas.Add(text, whole = Compile(schema));
            }

            // All that is wrong takes long to find out, and is asked only if something is.
            if (whole.Evaluate(json, new EvaluationOptions { OutputFormat = OutputFormat.Flag, RequireFormatValidation = true }).IsValid)
            {
                return;
            }

            results = whole.Evaluate(json, new EvaluationOptions { OutputFormat = OutputFormat.List, RequireFormatValidation = true });
        }

        IEnumerable<string> errors = (results.Details ?? []).Where(one => one.Errors is not null).SelectMany(
            one => one.Errors!.Select(error => $"{one.InstanceLocation}: {error.Value}"));
        Assert.True(results.IsValid, $"{what}: {string.Join("; ", errors)}\n{json}");
    }

    /// <summary>A JSON Schema of its own, whose definitions are the description's.</summary>
    private static JsonSchema Compile(JsonNode schema)
    {
        JsonObject whole = schema.DeepClone().AsObject();
        whole["$schema"] = "https://json-schema.org/draft/2020-12/schema";
        whole["components"] = new JsonObject { ["schemas"] = Strict["components"]!["schemas"]!.DeepClone() };
        return JsonSchema.FromText(whole.ToJsonString());
    }

    private static JsonNode Resolve(JsonNode node) => Resolve(node, Strict);

    private static JsonNode Close(JsonNode node)
    {
        IEnumerable<JsonNode?> children = node switch
        {
            JsonObject all => [.. all.Select(member => member.Value)],
            JsonArray all => [.. all],
            _ => [],
        };
        foreach (JsonNode? child in children)
        {
            if (child is not null)
            {
                Close(child);
            }
        }

        if (node is JsonObject schema && schema["type"] is JsonValue && schema["properties"] is JsonObject)
        {
            schema["additionalProperties"] = false;
        }

        return node;
    }

    private static JsonObject Read()
    {
        using Stream stream = typeof(GetOpenApi).Assembly.GetManifestResourceStream("Web/openapi.json")!;
        return JsonNode.Parse(stream)!.AsObject();
    }
}
