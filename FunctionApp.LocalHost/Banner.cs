
namespace FunctionApp.LocalHost;

/// <summary>The list of functions, as <c>func start</c> prints it.</summary>
internal static class Banner
{
    public static void Print(FunctionCatalog catalog, IEnumerable<string> urls, string routePrefix)
    {
        string address = string.Join('/', new[] { urls.First().TrimEnd('/'), routePrefix.Trim('/') }.Where(part => part.Length > 0));
        IEnumerable<string> lines =
        [
            .. catalog.Http.Select(function =>
                $"{function.Name}: [{(function.Methods.Count == 0 ? "ANY" : string.Join(',', function.Methods).ToUpperInvariant())}] {address}/{function.Route}"),
            .. catalog.Orchestrations.Select(function => $"{function.Name}: orchestrationTrigger"),
            .. catalog.Activities.Select(function => $"{function.Name}: activityTrigger"),
        ];
        Console.WriteLine($"\nFunctions:\n\n{string.Join('\n', lines.Select(line => $"\t{line}"))}\n\nPress Ctrl+C to stop.\n");
    }
}
