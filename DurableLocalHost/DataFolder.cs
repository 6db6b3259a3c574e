using System.Security.Cryptography;

namespace DurableLocalHost;

/// <summary>The folder that a host keeps its data in. It is the host's alone until it is disposed or its process ends.</summary>
internal sealed class DataFolder : IDisposable
{
    private const int LongestHubName = 45;

    private readonly FileStream _lock;

    private DataFolder(FileStream @lock, string id) => (_lock, Id) = (@lock, id);

    /// <summary>Tells it from others: 8 hexadecimal digits, which stay with the data.</summary>
    public string Id { get; }

    /// <summary>Creates the folder if it is not there, and keeps other hosts off.</summary>
    /// <exception cref="LocalHostException">Another host has it, or the folder cannot be written.</exception>
    public static DataFolder Open(string path)
    {
        FileStream? @lock = null;
        try
        {
            Directory.CreateDirectory(path);
            @lock = new FileStream(Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.None);
            return new DataFolder(@lock, ReadId(Path.Combine(path, "id")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            @lock?.Dispose();
            throw new LocalHostException(
                $"The data folder {path} cannot be used: {e.Message} Stop the host that uses it, if one does, or choose another with --data-folder.", e);
        }
    }

    /// <summary>
    /// What a task hub that is kept in this folder is called in place of its name in host.json. What an app writes elsewhere, into tables
    /// that other folders' hosts share, so belongs to one folder. 3 to 45 letters and digits, as Durable Functions wants it.
    /// </summary>
    public string NameHub(string name) => $"{name[..Math.Min(name.Length, LongestHubName - Id.Length)]}{Id}";

    public void Dispose() => _lock.Dispose();

    // It stays with the data, so a copy of a folder counts as the same.
    private static string ReadId(string file)
    {
        if (File.Exists(file) && File.ReadAllText(file) is { Length: > 0 } known)
        {
            return known;
        }

        string id = RandomNumberGenerator.GetHexString(8, lowercase: true);
        File.WriteAllText(file, id);
        return id;
    }
}
