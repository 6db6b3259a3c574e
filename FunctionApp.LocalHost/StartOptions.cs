using System.Diagnostics;

namespace FunctionApp.LocalHost;

/// <summary>Where orchestrations are kept.</summary>
public enum StorageProvider
{
    /// <summary>In one file of the data folder.</summary>
    Sqlite,

    /// <summary>In the storage account, as host.json says: what Azure does.</summary>
    AzureStorage,
}

/// <summary>What a host is started with.</summary>
internal sealed record StartOptions
{
    /// <summary>The app's build output: it holds functions.metadata, worker.config.json and host.json.</summary>
    public required string AppFolder { get; init; }

    /// <summary>Holds the SQLite file and Azurite's data; created if it is not there.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Where to listen, divided by semicolons.</summary>
    public string Urls { get; init; } = "http://localhost:7071";

    public StorageProvider Storage { get; init; } = StorageProvider.Sqlite;

    /// <summary>App settings that override all others; null removes one.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    /// <summary>The worker runs in this process instead of one of its own: where a debugger is, so that it sees the app too.</summary>
    public bool InProcess { get; init; } = Debugger.IsAttached;

    /// <summary>What the command line says. <c>--urls URL --storage Sqlite|AzureStorage --data-folder PATH --app-folder PATH</c>.</summary>
    /// <exception cref="LocalHostException">It says something else.</exception>
    public static StartOptions Parse(string[] args) => args.Chunk(2).Aggregate(
        new StartOptions { AppFolder = ProjectFolders.App, DataFolder = Path.Combine(ProjectFolders.LocalHost, ".data") },
        (options, option) => option switch
        {
            ["--urls", string urls] => options with { Urls = urls },
            ["--storage", string name] when Enum.TryParse(name, ignoreCase: true, out StorageProvider storage) && Enum.IsDefined(storage) =>
                options with { Storage = storage },
            ["--storage", string other] => throw new LocalHostException($"--storage is \"{other}\", but can be Sqlite or AzureStorage."),
            ["--data-folder", string path] => options with { DataFolder = Path.GetFullPath(path) },
            ["--app-folder", string path] => options with { AppFolder = Path.GetFullPath(path) },
            [string last] => throw new LocalHostException($"The option {last} needs a value."),
            _ => throw new LocalHostException($"The option \"{option[0]}\" is unknown; there are --urls, --storage, --data-folder and --app-folder."),
        });
}
