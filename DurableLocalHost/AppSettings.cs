using System.Text.RegularExpressions;

namespace DurableLocalHost;

/// <summary>The app's settings and its host.json, as the Functions host has them.</summary>
internal sealed partial class AppSettings
{
    // host.json's root in the configuration, where environment variables override it.
    private const string HostJson = "AzureFunctionsJobHost";
    private const string HubNameKey = $"{HostJson}:extensions:durableTask:hubName";
    private const string StorageKey = $"{HostJson}:extensions:durableTask:storageProvider";
    private const string Version = "2.0";

    // What .NET's timers can wait for.
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(49);

    /// <exception cref="LocalHostException">A file cannot be read, or a setting cannot be used.</exception>
    public AppSettings(StartOptions options)
    {
        Assembly = FindAssembly(options.AppFolder);
        Local = LocalSettings.Read(options.AppFolder, options.SettingsFile);
        Urls = options.Urls ?? $"http://localhost:{Local.Port}";
        Variables = ReadVariables(options, Local);
        // A variable that is removed overrides nothing: as a key without a value, it would hide what host.json says, and be read as an empty object.
        var variables = Variables.Select(pair => KeyValuePair.Create(pair.Key.Replace("__", ":"), pair.Value))
            .DistinctBy(pair => pair.Key, StringComparer.OrdinalIgnoreCase).ToDictionary(StringComparer.OrdinalIgnoreCase);
        Configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(JsonFile.Read(options.AppFolder, "host.json").AsEnumerable()
                .Select(pair => KeyValuePair.Create($"{HostJson}:{pair.Key}", pair.Value)))
            .AddInMemoryCollection(new ConfigurationBuilder().AddEnvironmentVariables().Build().AsEnumerable()
                .Where(pair => pair.Value is not null && !variables.ContainsKey(pair.Key)))
            .AddInMemoryCollection(variables.Where(pair => pair.Value is not null))
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["AzureWebJobsConfigurationSection"] = HostJson,
                // The Durable extension takes it for a sign of Azure's Linux Consumption plan.
                ["CONTAINER_NAME"] = null,
            })
            .Build();
        if (Configuration["FUNCTIONS_WORKER_RUNTIME"] is not "dotnet-isolated" and var other)
        {
            throw new LocalHostException($"FUNCTIONS_WORKER_RUNTIME is \"{other}\"; the local host runs dotnet-isolated only.");
        }

        if (Host["version"] is not Version and var version)
        {
            throw new LocalHostException(version is null
                ? $"host.json has no version: it must be \"{Version}\", with the names that go with it (https://aka.ms/functions-hostjson)."
                : $"host.json has the version \"{version}\", which must be \"{Version}\".");
        }

        UseStorage(options.Storage);
        FunctionTimeout = ReadTimeout(Host["functionTimeout"]);
        if (Configuration[HubNameKey] is { } name)
        {
            Configuration[HubNameKey] = Placeholder().Replace(name, match => Configuration[match.Groups[1].Value]
                ?? throw new LocalHostException($"hubName in host.json is \"{name}\", and there is no setting {match.Groups[1].Value}."));
        }
    }

    /// <summary>The app's assembly.</summary>
    public string Assembly { get; }

    /// <summary>What local.settings.json says.</summary>
    public LocalSettings Local { get; }

    /// <summary>Where to listen, divided by semicolons.</summary>
    public string Urls { get; }

    /// <summary>What the app's environment has that this process's has not. Null removes a variable.</summary>
    public IReadOnlyDictionary<string, string?> Variables { get; }

    /// <summary>The host's configuration: host.json, overridden by the environment, overridden by the variables.</summary>
    public IConfigurationRoot Configuration { get; }

    /// <summary>What host.json has, or what overrides it.</summary>
    public IConfigurationSection Host => Configuration.GetSection(HostJson);

    /// <summary>What the routes of HTTP functions begin with, without slashes around it.</summary>
    public string RoutePrefix => (Host["extensions:http:routePrefix"] ?? "api").Trim('/');

    /// <summary>How long a function may run; infinite if there is no limit.</summary>
    public TimeSpan FunctionTimeout { get; }

    /// <summary>The assembly of the app in that build output.</summary>
    /// <exception cref="LocalHostException">The folder does not say.</exception>
    public static string FindAssembly(string appFolder) =>
        Path.Combine(appFolder, JsonFile.Read(appFolder, "worker.config.json")["description:defaultWorkerPath"]!);

    /// <summary>Whether a setting keeps a function from running. Linux has no periods in the names of variables.</summary>
    public bool IsDisabled(string function) =>
        (Configuration[$"AzureWebJobs.{function}.Disabled"] ?? Configuration[$"AzureWebJobs_{function}_Disabled"])?.ToUpperInvariant() is "TRUE" or "1";

    // What connection another provider has in host.json is not for this one. A key without a value would be read as an empty object.
    private void UseStorage(StorageProvider storage)
    {
        if (!$"{storage}".Equals(Configuration[$"{StorageKey}:type"] ?? nameof(StorageProvider.AzureStorage), StringComparison.OrdinalIgnoreCase))
        {
            string[] keys = [$"{StorageKey}:connectionName", $"{StorageKey}:connectionStringName"];
            foreach (string key in keys.Where(key => Configuration[key] is not null))
            {
                Configuration[key] = "AzureWebJobsStorage";
            }
        }

        Configuration[$"{StorageKey}:type"] = $"{storage}";
    }

    // As the Functions host has it, outside of the Consumption plan.
    private static TimeSpan ReadTimeout(string? value) =>
        value is null or "" ? TimeSpan.FromMinutes(30)
        : value is "-1" ? Timeout.InfiniteTimeSpan
        : TimeSpan.TryParse(value, out TimeSpan timeout) && timeout >= TimeSpan.FromSeconds(1) && timeout <= LongestTimeout ? timeout
        : throw new LocalHostException(
            $"functionTimeout in host.json is \"{value}\", but must be a time from 00:00:01 to {LongestTimeout}, such as 00:30:00, or -1 for no limit.");

    // What a test gave; then, where the environment does not have them, the values of local.settings.json; then, while an app runs in this
    // process, what the environment had without it.
    private static Dictionary<string, string?> ReadVariables(StartOptions options, LocalSettings local)
    {
        IReadOnlyDictionary<string, string?> replaced = InProcessWorker.Replaced;
        IEnumerable<KeyValuePair<string, string?>> defaults =
        [
            .. local.Values, new("AZURE_FUNCTIONS_ENVIRONMENT", "Development"), new("FUNCTIONS_WORKER_RUNTIME", "dotnet-isolated"),
        ];
        var variables = options.Settings
            .Prepend(new("FUNCTIONS_APPLICATION_DIRECTORY", options.AppFolder))
            .Concat(defaults.Where(variable =>
                (replaced.TryGetValue(Name(variable.Key), out string? outer) ? outer : Environment.GetEnvironmentVariable(Name(variable.Key))) is null))
            .Concat(replaced)
            .DistinctBy(variable => Name(variable.Key)).ToDictionary(variable => Name(variable.Key), variable => variable.Value);
        // The host tells the worker's server where to listen, and ASP.NET Core would listen to these instead.
        foreach (string endpoint in variables.Keys.Concat(Environment.GetEnvironmentVariables().Keys.Cast<string>()).Where(name => Endpoint().IsMatch(name)).ToArray())
        {
            variables[endpoint] = null;
        }

        return variables;
    }

    private static string Name(string key) => key.Replace(":", "__");

    [GeneratedRegex("%([^%]+)%")]
    private static partial Regex Placeholder();

    [GeneratedRegex("^((ASPNETCORE|DOTNET)_)?Kestrel(__|:)Endpoints(__|:)", RegexOptions.IgnoreCase)]
    private static partial Regex Endpoint();
}
