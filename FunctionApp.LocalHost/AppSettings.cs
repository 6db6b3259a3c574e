namespace FunctionApp.LocalHost;

/// <summary>The app's settings and its host.json, as Core Tools reads them.</summary>
internal sealed class AppSettings
{
    // host.json's root in the configuration, where environment variables override it.
    private const string HostJson = "AzureFunctionsJobHost";

    /// <exception cref="LocalHostException">A file cannot be read, or the settings name another worker runtime.</exception>
    public AppSettings(StartOptions options)
    {
        Assembly = Path.Combine(options.AppFolder, Read(options.AppFolder, "worker.config.json")["description:defaultWorkerPath"]!);
        Variables = ReadVariables(options);
        Configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(Read(options.AppFolder, "host.json").AsEnumerable()
                .Select(pair => KeyValuePair.Create($"{HostJson}:{pair.Key}", pair.Value)))
            .AddEnvironmentVariables()
            .AddInMemoryCollection(Variables.Select(pair => KeyValuePair.Create(pair.Key.Replace("__", ":"), pair.Value)))
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["AzureWebJobsConfigurationSection"] = HostJson,
                [$"{HostJson}:extensions:durableTask:storageProvider:type"] = options.Storage.ToString(),
                // The Durable extension takes it for a sign of Azure's Linux Consumption plan.
                ["CONTAINER_NAME"] = null,
            })
            .Build();
        if (Configuration["FUNCTIONS_WORKER_RUNTIME"] is not "dotnet-isolated" and var other)
        {
            throw new LocalHostException($"FUNCTIONS_WORKER_RUNTIME is \"{other}\"; the local host runs dotnet-isolated only.");
        }
    }

    /// <summary>The app's assembly.</summary>
    public string Assembly { get; }

    /// <summary>What the app's environment has that this process's has not. Null removes a variable.</summary>
    public IReadOnlyDictionary<string, string?> Variables { get; }

    /// <summary>The host's configuration: host.json, overridden by the environment, overridden by the variables.</summary>
    public IConfigurationRoot Configuration { get; }

    /// <summary>What host.json has, or what overrides it.</summary>
    public IConfigurationSection Host => Configuration.GetSection(HostJson);

    /// <summary>What the routes of HTTP functions begin with, without slashes around it.</summary>
    public string RoutePrefix => (Host["extensions:http:routePrefix"] ?? "api").Trim('/');

    // What a test gave; then, where the environment does not have them, the values of local.settings.json, or else of its sample.
    private static Dictionary<string, string?> ReadVariables(StartOptions options)
    {
        IConfigurationRoot file = File.Exists(Path.Combine(options.AppFolder, "local.settings.json"))
            ? Read(options.AppFolder, "local.settings.json")
            : Read(AppContext.BaseDirectory, "local.settings.sample.json");
        KeyValuePair<string, string?>[] defaults =
        [
            .. file.GetSection("Values").AsEnumerable(makePathsRelative: true),
            new("AZURE_FUNCTIONS_ENVIRONMENT", "Development"), new("FUNCTIONS_WORKER_RUNTIME", "dotnet-isolated"),
        ];
        return options.Settings.Prepend(new("FUNCTIONS_APPLICATION_DIRECTORY", options.AppFolder))
            .Concat(defaults.Where(variable => Environment.GetEnvironmentVariable(Name(variable.Key)) is null))
            .DistinctBy(variable => Name(variable.Key)).ToDictionary(variable => Name(variable.Key), variable => variable.Value);
    }

    private static string Name(string key) => key.Replace(":", "__");

    private static IConfigurationRoot Read(string folder, string file)
    {
        try
        {
            return new ConfigurationBuilder().AddJsonFile(Path.Combine(folder, file)).Build();
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new LocalHostException($"{Path.Combine(folder, file)} cannot be read: {(e.InnerException ?? e).Message}", e);
        }
    }
}
