using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace FunctionApp.Emulator.Host;

/// <summary>Where the emulator's own things are, and the settings it starts with.</summary>
internal static class EmulatorSettings
{
    /// <summary>The project's folder: it holds Azurite and, unless told otherwise, the data.</summary>
    public static string Directory { get; } = typeof(EmulatorSettings).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == "EmulatorDirectory").Value!;

    /// <summary>The setting Emulator__DataFolder, as an absolute path; the folder is created.</summary>
    public static string DataFolder(IConfiguration configuration)
    {
        string path = Path.GetFullPath(configuration["Emulator:DataFolder"] ?? Path.Combine(Directory, ".data"));
        try
        {
            return System.IO.Directory.CreateDirectory(path).FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EmulatorException($"The data folder cannot be created: {e.Message} Set Emulator__DataFolder to one that can.", e);
        }
    }

    /// <summary>
    /// As Core Tools has it: the values of local.settings.json beside the program, which environment variables and the
    /// command line override. Without that file the sample's values hold, so that a fresh clone runs.
    /// </summary>
    public static Dictionary<string, string?> ReadLocalSettings()
    {
        Dictionary<string, string?> settings = new()
        {
            ["urls"] = "http://localhost:7071",
            ["Logging:LogLevel:Default"] = "Information",
            ["Logging:LogLevel:Microsoft"] = "Warning",
            // Why the app cannot start is said on one line, without its stack.
            ["Logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host"] = "Critical",
            ["Logging:LogLevel:System"] = "Warning",
            ["Logging:LogLevel:Azure"] = "Error",
        };
        string file = Path.Combine(AppContext.BaseDirectory, "local.settings.json");
        if (!File.Exists(file))
        {
            file = Path.Combine(AppContext.BaseDirectory, "local.settings.sample.json");
        }

        foreach (IConfigurationSection value in new ConfigurationBuilder().AddJsonFile(file).Build().GetSection("Values").GetChildren())
        {
            settings[value.Key.Replace("__", ":", StringComparison.Ordinal)] = value.Value;
        }

        return settings;
    }
}
