namespace FunctionApp.LocalHost;

/// <summary>The app's settings and its host.json, as Core Tools reads them.</summary>
internal static class AppSettings
{
    /// <summary>host.json's root in the configuration, where environment variables override it.</summary>
    public const string HostJson = "AzureFunctionsJobHost";

    /// <summary>
    /// What the app's environment has that this process's has not: the values of local.settings.json, or else of its sample,
    /// where the environment does not have them; then what a test gave. Null removes a variable.
    /// </summary>
    /// <exception cref="LocalHostException">The file cannot be read.</exception>
    public static Dictionary<string, string?> Read(StartOptions options)
    {
        string file = Path.Combine(options.AppFolder, "local.settings.json");
        string sample = Path.Combine(AppContext.BaseDirectory, "local.settings.sample.json");
        Dictionary<string, string?> settings = new()
        {
            ["AZURE_FUNCTIONS_ENVIRONMENT"] = "Development",
            ["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated",
        };
        foreach (IConfigurationSection value in ReadJson(File.Exists(file) ? file : sample).GetSection("Values").GetChildren())
        {
            settings[VariableName(value.Key)] = value.Value;
        }

        settings = settings.Where(setting => Environment.GetEnvironmentVariable(setting.Key) is null).ToDictionary();
        foreach ((string name, string? value) in options.Settings)
        {
            settings[VariableName(name)] = value;
        }

        settings["FUNCTIONS_APPLICATION_DIRECTORY"] = options.AppFolder;
        return settings;
    }

    /// <summary>The host's configuration: host.json, overridden by the environment, overridden by the settings.</summary>
    /// <exception cref="LocalHostException">host.json cannot be read, or the settings name another worker runtime.</exception>
    public static IConfigurationRoot Configure(StartOptions options, Dictionary<string, string?> settings)
    {
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(ReadJson(Path.Combine(options.AppFolder, "host.json")).AsEnumerable()
                .Select(pair => KeyValuePair.Create($"{HostJson}:{pair.Key}", pair.Value)))
            .AddEnvironmentVariables()
            .AddInMemoryCollection(settings.Select(pair =>
                KeyValuePair.Create(pair.Key.Replace("__", ":", StringComparison.Ordinal), pair.Value)))
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["AzureWebJobsConfigurationSection"] = HostJson,
                [$"{HostJson}:extensions:durableTask:storageProvider:type"] = options.Storage.ToString(),
                // The Durable extension takes it for a sign of Azure's Linux Consumption plan.
                ["CONTAINER_NAME"] = null,
            })
            .Build();
        return configuration["FUNCTIONS_WORKER_RUNTIME"] is "dotnet-isolated"
            ? configuration
            : throw new LocalHostException(
                $"FUNCTIONS_WORKER_RUNTIME is \"{configuration["FUNCTIONS_WORKER_RUNTIME"]}\"; the local host runs dotnet-isolated only.");
    }

    /// <summary>The app's assembly.</summary>
    /// <exception cref="LocalHostException">worker.config.json cannot be read.</exception>
    public static string FindWorker(string appFolder) =>
        Path.Combine(appFolder, ReadJson(Path.Combine(appFolder, "worker.config.json"))["description:defaultWorkerPath"]!);

    private static string VariableName(string key) => key.Replace(":", "__", StringComparison.Ordinal);

    private static IConfigurationRoot ReadJson(string file)
    {
        try
        {
            return new ConfigurationBuilder().AddJsonFile(file).Build();
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new LocalHostException($"{file} cannot be read: {(e.InnerException ?? e).Message}", e);
        }
    }
}
