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
    public static Dictionary<string, string?> Read(StartOptions options)
    {
        Dictionary<string, string?> settings = new()
        {
            ["AZURE_FUNCTIONS_ENVIRONMENT"] = "Development",
            ["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated",
        };
        string? file = Array.Find(
            [
                Path.Combine(options.AppFolder, "local.settings.json"),
                Path.Combine(options.AppFolder, "local.settings.sample.json"),
                Path.Combine(AppContext.BaseDirectory, "local.settings.sample.json"),
            ],
            File.Exists);
        foreach (IConfigurationSection value in ReadJson(file).GetSection("Values").GetChildren())
        {
            settings[VariableName(value.Key)] = value.Value;
        }

        foreach (string inherited in settings.Keys.Where(name => Environment.GetEnvironmentVariable(name) is not null).ToArray())
        {
            settings.Remove(inherited);
        }

        foreach ((string name, string? value) in options.Settings)
        {
            settings[VariableName(name)] = value;
        }

        settings["FUNCTIONS_APPLICATION_DIRECTORY"] = options.AppFolder;
        // The Durable extension, which asks this process's environment, takes it for a sign of Azure's Linux Consumption plan.
        Environment.SetEnvironmentVariable("CONTAINER_NAME", null);
        return settings;
    }

    /// <summary>The host's configuration: host.json, overridden by the environment, overridden by the settings.</summary>
    /// <exception cref="LocalHostException">host.json cannot be read, or the settings name another worker runtime.</exception>
    public static IConfigurationRoot Configure(StartOptions options, Dictionary<string, string?> settings)
    {
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["AzureWebJobsConfigurationSection"] = HostJson })
            .AddInMemoryCollection(ReadJson(Path.Combine(options.AppFolder, "host.json")).AsEnumerable()
                .Select(pair => KeyValuePair.Create($"{HostJson}:{pair.Key}", pair.Value)))
            .AddEnvironmentVariables()
            .AddInMemoryCollection(settings.Select(pair =>
                KeyValuePair.Create(pair.Key.Replace("__", ":", StringComparison.Ordinal), pair.Value)))
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                [$"{HostJson}:extensions:durableTask:storageProvider:type"] = options.Storage.ToString(),
            })
            .Build();
        return configuration["FUNCTIONS_WORKER_RUNTIME"] is "dotnet-isolated"
            ? configuration
            : throw new LocalHostException(
                $"FUNCTIONS_WORKER_RUNTIME is \"{configuration["FUNCTIONS_WORKER_RUNTIME"]}\"; the local host runs dotnet-isolated only.");
    }

    private static string VariableName(string key) => key.Replace(":", "__", StringComparison.Ordinal);

    private static IConfigurationRoot ReadJson(string? file)
    {
        try
        {
            return file is null ? new ConfigurationBuilder().Build() : new ConfigurationBuilder().AddJsonFile(file).Build();
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new LocalHostException($"{file} cannot be read: {(e.InnerException ?? e).Message}", e);
        }
    }
}
