using System.Text.Json;

namespace DurableLocalHost.Worker;

/// <summary>
/// The bindings of a function as the worker wants them when it loads the function. A worker that makes its list of functions itself
/// (worker indexing) has them at hand; one that reads functions.metadata leaves them to the host.
/// </summary>
internal static class BindingInfos
{
    private static readonly string[] Directions = ["in", "out", "inout"];
    private static readonly string[] DataTypes = ["undefined", "string", "binary", "stream"];

    /// <summary>Makes the function's bindings of their JSON, if it has none.</summary>
    public static void Complete(RpcFunctionMetadata function)
    {
        if (function.Bindings.Count > 0)
        {
            return;
        }

        foreach (string json in function.RawBindings)
        {
            using var binding = JsonDocument.Parse(json);
            function.Bindings[Text(binding, "name")] = new BindingInfo
            {
                Type = Text(binding, "type"),
                Direction = Number(Directions, Text(binding, "direction")),
                DataType = Number(DataTypes, Text(binding, "dataType")),
            };
        }
    }

    private static string Text(JsonDocument binding, string name) =>
        binding.RootElement.TryGetProperty(name, out JsonElement value) ? value.ToString() : "";

    private static int Number(string[] names, string name) =>
        Math.Max(0, Array.FindIndex(names, one => one.Equals(name, StringComparison.OrdinalIgnoreCase)));
}
