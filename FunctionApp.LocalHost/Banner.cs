namespace FunctionApp.LocalHost;

/// <summary>The list of functions, as <c>func start</c> prints it.</summary>
internal static class Banner
{
    /// <param name="address">Where the routes start, with the route prefix.</param>
    public static string Text(IEnumerable<AppFunction> functions, string address)
    {
        IEnumerable<string> lines = functions
            .OrderByDescending(function => function.TriggerType is "httpTrigger")
            .ThenBy(function => function.Name, StringComparer.Ordinal)
            .Select(function => function.TriggerType is not "httpTrigger"
                ? $"\t{function.Name}: {function.TriggerType}"
                : $"\t{function.Name}: [{Methods(function)}] {address}/{function["route"] ?? function.Name}");
        return $"\nFunctions:\n\n{string.Join("\n\n", lines)}\n\nPress Ctrl+C to stop.\n";
    }

    private static string Methods(AppFunction function) =>
        function.Methods.Count == 0 ? "ANY" : string.Join(',', function.Methods).ToUpperInvariant();
}
