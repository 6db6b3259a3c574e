namespace Bench.Systems;

/// <summary>A folder for the data of one run.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bench-");

    public string Path => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);
}
