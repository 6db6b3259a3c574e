namespace FunctionApp.LocalHost;

/// <summary>The list of functions, as <c>func start</c> prints it.</summary>
internal static class Banner
{
    public static string Text(FunctionHost host)
    {
        string address = new Uri(host.Address, host.Services.GetRequiredService<AppSettings>().RoutePrefix).ToString().TrimEnd('/');
        IEnumerable<string> lines = host.Services.GetRequiredService<AppFunction[]>()
            .OrderByDescending(function => function.Trigger.IsHttp)
            .ThenBy(function => function.Name)
            .Select(function => function.Trigger is { IsHttp: true } http
                ? $"\t{function.Name}: [{Methods(http)}] {address}/{http.Route ?? function.Name}"
                : $"\t{function.Name}: {function.Trigger.Type}");
        return $"\nFunctions:\n\n{string.Join("\n\n", lines)}\n\nPress Ctrl+C to stop.\n";
    }

    private static string Methods(Binding http) => http.Methods is { Count: > 0 } methods ? string.Join(',', methods).ToUpperInvariant() : "ANY";
}
