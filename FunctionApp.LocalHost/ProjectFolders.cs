using System.Reflection;

namespace FunctionApp.LocalHost;

/// <summary>Folders that the build knows.</summary>
internal static class ProjectFolders
{
    /// <summary>This project's own: Azurite is installed there, and the data are kept there unless told otherwise.</summary>
    public static string LocalHost { get; } = Read(nameof(LocalHost));

    /// <summary>FunctionApp's build output.</summary>
    public static string App { get; } = Read(nameof(App));

    private static string Read(string name) => Path.GetFullPath(typeof(ProjectFolders).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == $"{name}Folder").Value!);
}
