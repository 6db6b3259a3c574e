using System.Diagnostics;

namespace DurableLocalHost;

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

    /// <summary>Where to listen, divided by semicolons; null is what local.settings.json says.</summary>
    public string? Urls { get; init; }

    public StorageProvider Storage { get; init; } = StorageProvider.Sqlite;

    /// <summary>App settings that override all others; null removes one.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    /// <summary>What serves as local.settings.json of an app that has none.</summary>
    public string? SettingsFile { get; init; }

    /// <summary>An app with a function that this host cannot run is refused, instead of run without it.</summary>
    public bool Strict { get; init; }

    /// <summary>Callers need keys, as in Azure.</summary>
    public bool Keys { get; init; }

    /// <summary>The worker runs in this process instead of one of its own: where a debugger is, so that it sees the app too.</summary>
    public bool InProcess { get; init; } = Debugger.IsAttached;
}
