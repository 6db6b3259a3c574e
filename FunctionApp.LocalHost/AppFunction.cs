using System.Text.Json;

namespace FunctionApp.LocalHost;

/// <summary>One function of the app, as the build wrote it into functions.metadata.</summary>
/// <param name="Trigger">The trigger's binding: an object with its type, its parameter's name, and what the type has besides.</param>
/// <param name="Clients">The names of the parameters that take a durable client.</param>
internal sealed record AppFunction(string Name, JsonElement Trigger, IReadOnlyList<string> Clients)
{
    public string TriggerType { get; } = Text(Trigger, "type")!;

    public string Parameter { get; } = Text(Trigger, "name")!;

    /// <summary>The HTTP methods that it answers; none means any.</summary>
    public IReadOnlyList<string> Methods { get; } = Trigger.TryGetProperty("methods", out JsonElement methods)
        ? [.. methods.EnumerateArray().Select(method => method.GetString()!)]
        : [];

    /// <summary>A property of the trigger; null if it is not there or not a string.</summary>
    public string? this[string property] => Text(Trigger, property);

    /// <exception cref="LocalHostException">The folder holds no such app, or a function needs what this host does not have.</exception>
    public static IReadOnlyList<AppFunction> ReadAll(string appFolder) =>
        [.. ReadJson(appFolder, "functions.metadata").EnumerateArray().Select(Read)];

    /// <summary>The app's assembly, as a path in its folder.</summary>
    /// <exception cref="LocalHostException">The folder holds no app.</exception>
    public static string ReadWorkerPath(string appFolder) =>
        ReadJson(appFolder, "worker.config.json").GetProperty("description").GetProperty("defaultWorkerPath").GetString()!;

    private static JsonElement ReadJson(string appFolder, string file)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(appFolder, file)));
            return document.RootElement.Clone();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new LocalHostException($"{appFolder} does not hold the build of a Functions app for .NET isolated: {e.Message}", e);
        }
    }

    private static AppFunction Read(JsonElement function)
    {
        string name = Text(function, "name")!;
        if (Text(function, "language") is not "dotnet-isolated")
        {
            throw new LocalHostException(
                $"The function {name} is for the worker runtime \"{Text(function, "language")}\"; the local host runs dotnet-isolated only.");
        }

        JsonElement[] bindings = [.. function.GetProperty("bindings").EnumerateArray()];
        JsonElement[] triggers = Array.FindAll(bindings, binding => Text(binding, "type") is
            "httpTrigger" or "orchestrationTrigger" or "activityTrigger" or "entityTrigger" or "timerTrigger");
        JsonElement[] clients = Array.FindAll(bindings, binding => Text(binding, "type") is "durableClient");
        foreach (JsonElement binding in bindings.Except(triggers).Except(clients).Where(binding => Text(binding, "type") is not "http"))
        {
            throw new LocalHostException(
                $"The function {name} has a binding of type {Text(binding, "type")}, which the local host does not support: run it with Core Tools.");
        }

        return clients.Any(client => Text(client, "taskHub") is not null || Text(client, "connectionName") is not null)
            ? throw new LocalHostException($"The function {name} has a client of another task hub, which the local host does not support.")
            : triggers is not [JsonElement trigger]
            ? throw new LocalHostException($"The function {name} has {triggers.Length} triggers.")
            : new AppFunction(name, trigger, [.. clients.Select(client => Text(client, "name")!)]);
    }

    private static string? Text(JsonElement element, string property) =>
        element.TryGetProperty(property, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
