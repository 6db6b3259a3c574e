using System.Reflection;

namespace Bench.Systems;

/// <summary>Folders of apps that were built with the benchmark; the project file knows them.</summary>
internal static class BuildOutput
{
    public static string Find(string app) => typeof(BuildOutput).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == app).Value!;
}
