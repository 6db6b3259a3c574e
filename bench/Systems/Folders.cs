using System.Reflection;

namespace Bench.Systems;

/// <summary>Where things are, as the build knows it.</summary>
internal static class Folders
{
    public static string Bench { get; } = Read("BenchFolder");

    /// <summary>The local host's assembly, of the same configuration as this one.</summary>
    public static string LocalHost { get; } = Read("LocalHost");

    private static string Read(string key) => typeof(Folders).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == key).Value!;
}

/// <summary>A folder for the data of one run.</summary>
internal sealed class TemporaryFolder(string parent) : IDisposable
{
    public string Path { get; } = Directory.CreateDirectory(System.IO.Path.Combine(parent, $"bench-{Guid.NewGuid():N}")).FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
