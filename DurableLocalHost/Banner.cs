using DurableLocalHost.Http;

namespace DurableLocalHost;

/// <summary>The list of functions, as <c>func start</c> prints it, and what else is to be known about the host.</summary>
internal static class Banner
{
    public static string Text(FunctionHost host)
    {
        AppSettings settings = host.Services.GetRequiredService<AppSettings>();
        string address = new Uri(host.Address, settings.RoutePrefix).ToString().TrimEnd('/');
        IEnumerable<string> lines = host.Services.GetRequiredService<AppFunction[]>()
            .OrderByDescending(function => function.Trigger.IsHttp)
            .ThenBy(function => function.Name)
            .Select(function => function.Trigger is { IsHttp: true } http
                ? $"\t{function.Name}: [{Methods(http)}] {address}/{http.Route ?? function.Name}{State(function)}"
                : $"\t{function.Name}: {function.Trigger.Type}{State(function)}");
        string State(AppFunction function) => settings.IsDisabled(function.Name) ? " (disabled)" : "";
        string remarks = string.Concat(host.Remarks.Select(remark => $"{remark}\n"));
        string keys = host.Keys is null ? "" : $"Keys, for the header {AccessKeys.Header} or the query's code:\n\n{Text(host.Keys, host.Services.GetRequiredService<AppFunction[]>())}\n\n";
        return $"\nFunctions:\n\n{string.Join("\n\n", lines)}\n\n{keys}{remarks}Press Ctrl+C to stop.\n";
    }

    private static string Text(AccessKeys keys, AppFunction[] functions) => string.Join(
        '\n',
        functions.Where(function => function.Trigger is { IsHttp: true, Access: AccessLevel.Function })
            .Select(function => $"\t{function.Name}: {keys.Functions[function.Name]}")
            .Concat([$"\tall functions: {keys.Host}", $"\tDurable's management API: {keys.Durable}", $"\tmaster: {keys.Master}"]));

    private static string Methods(Binding http) => http.Methods is { Count: > 0 } methods ? string.Join(',', methods).ToUpperInvariant() : "ANY";
}
