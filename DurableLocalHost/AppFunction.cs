using System.Text.Json;
using System.Text.Json.Serialization;
using DurableLocalHost.Http;

namespace DurableLocalHost;

/// <summary>One function of the app, as the build wrote it into functions.metadata.</summary>
internal sealed record AppFunction(string Name, string? Language, IReadOnlyList<Binding> Bindings)
{
    public const string FileName = "functions.metadata";

    public Binding Trigger { get; } = Bindings.FirstOrDefault(binding => binding.IsTrigger)!;

    /// <summary>The names of the parameters that take a durable client.</summary>
    public IReadOnlyList<string> Clients { get; } = [.. Bindings.Where(binding => binding.Type is "durableClient").Select(binding => binding.Name)];

    /// <summary>What it reads from and writes to queues and blobs besides its trigger's message or blob.</summary>
    public IReadOnlyList<Binding> Storage { get; } = [.. Bindings.Where(binding => binding is { IsStorage: true, IsTrigger: false })];

    /// <summary>The route of an HTTP function, without a slash before it.</summary>
    /// <param name="prefix">What host.json has routes begin with.</param>
    public string Route(string prefix) => $"{prefix}/{(Trigger.Route ?? Name).TrimStart('/')}".TrimStart('/');

    /// <summary>The functions that can be run, and for each of the others a sentence that says why not.</summary>
    /// <param name="strict">There may be no others.</param>
    /// <exception cref="LocalHostException">The folder holds no such app, or none of its functions can be run.</exception>
    public static (AppFunction[] Functions, string[] LeftOut) ReadAll(string appFolder, bool strict)
    {
        try
        {
            string json = File.ReadAllText(Path.Combine(appFolder, FileName));
            AppFunction[] functions = JsonSerializer.Deserialize<AppFunction[]>(json, JsonSerializerOptions.Web)!;
            AppFunction[] supported = Array.FindAll(functions, function => function.Flaw is null);
            AppFunction[] refused = [.. functions.Except(supported)];
            return refused.Length > 0 && (strict || supported.Length == 0)
                ? throw new LocalHostException($"The function {refused[0].Name} {refused[0].Flaw}.")
                : (supported, [.. refused.Select(function => $"The function {function.Name} {function.Flaw}: it is left out.")]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new LocalHostException($"{appFolder} does not hold the build of a Functions app for .NET isolated: {JsonFile.Explain(e)}", e);
        }
    }

    private string? Flaw =>
        Language is not "dotnet-isolated"
            ? $"is for the worker runtime \"{Language}\"; the local host runs dotnet-isolated only"
        : Bindings.FirstOrDefault(binding => !binding.IsTrigger && binding.Type is not ("durableClient" or "http" or "queue" or "blob")) is { } other
            ? $"has a binding of type {other.Type}, which the local host does not support"
        : Bindings.Any(binding => binding.Type is "blobTrigger" && "EventGrid".Equals(binding.Text("source"), StringComparison.OrdinalIgnoreCase))
            ? "has a blobTrigger whose source is EventGrid, which the local host does not support"
        : Bindings.Any(binding => binding.TaskHub is not null || binding.ConnectionName is not null)
            ? "has a client of another task hub, which the local host does not support"
        : Bindings.Count(binding => binding.IsTrigger) is int count and not 1
            ? $"has {count} triggers"
        : null;
}

/// <summary>A binding of a function: its type, its parameter's name, and what the types have besides.</summary>
internal sealed record Binding(
    string Type, string Name, string? AuthLevel, string? Route, IReadOnlyList<string>? Methods, string? Schedule, bool? RunOnStartup,
    string? Orchestration, string? Activity, string? EntityName, string? TaskHub, string? ConnectionName)
{
    /// <summary>What is said of it that has no property here.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement> Others { get; init; } = [];

    /// <summary>What an HTTP trigger asks of its callers, where the host has keys.</summary>
    public AccessLevel Access => Enum.TryParse(AuthLevel, ignoreCase: true, out AccessLevel level) ? level : AccessLevel.Function;

    public bool IsHttp => Type is "httpTrigger";

    public bool IsTimer => Type is "timerTrigger";

    public bool IsDurable => Type is "orchestrationTrigger" or "activityTrigger" or "entityTrigger";

    /// <summary>It is of a queue, or of a blob.</summary>
    public bool IsStorage => Type is "queueTrigger" or "blobTrigger" or "queue" or "blob";

    public bool IsTrigger => IsHttp || IsTimer || IsDurable || Type is "queueTrigger" or "blobTrigger";

    public bool IsOutput => "out".Equals(Text("direction"), StringComparison.OrdinalIgnoreCase);

    /// <summary>The worker wants bytes instead of a text.</summary>
    public bool IsBinary => Text("dataType")?.ToUpperInvariant() is "BINARY" or "STREAM";

    /// <summary>The worker wants to be told where the message or blob is, or what is known of it, and makes the parameter of that.</summary>
    public bool IsDeferred => Others.TryGetValue("properties", out JsonElement properties)
        && properties.TryGetProperty("supportsDeferredBinding", out JsonElement value) && bool.TryParse($"{value}", out bool isDeferred) && isDeferred;

    /// <summary>The name of the setting with the connection string, if it is not the host's own.</summary>
    public string? AccountSetting => Text("connection") is { Length: > 0 } name ? name : null;

    /// <summary>The name of the queue, or the path of the blob: its container and its name. It may have {expressions} and %settings%.</summary>
    public string Location => Text("queueName") ?? Text("blobPath") ?? Text("path") ?? "";

    public string? Text(string property) => Others.TryGetValue(property, out JsonElement value) ? value.ToString() : null;
}
