using System.Reflection;

namespace Bench.Systems;

/// <summary>Folders of the repository.</summary>
internal static class Places
{
    public static string Bench { get; } = typeof(Places).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == "BenchDirectory").Value!;

    public static string Repository { get; } = Path.GetDirectoryName(Bench)!;

    public static string Emulator { get; } = Path.Combine(Repository, "FunctionApp.Emulator");
}
