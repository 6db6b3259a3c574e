namespace DurableLocalHost;

/// <summary>Where an app's build is.</summary>
internal static class AppFolder
{
    /// <summary>The folder itself, if it holds a build, or what was compiled last for the project that it holds.</summary>
    /// <exception cref="LocalHostException">The project was not built yet.</exception>
    public static string Find(string path)
    {
        string folder = Path.GetFullPath(path);
        if (File.Exists(Path.Combine(folder, AppFunction.FileName)) || !Directory.Exists(folder) || !Directory.EnumerateFiles(folder, "*.*proj").Any())
        {
            return folder;
        }

        string output = Path.Combine(folder, "bin");
        IEnumerable<string> builds = Directory.Exists(output)
            ? Directory.EnumerateFiles(output, AppFunction.FileName, SearchOption.AllDirectories).Select(file => Path.GetDirectoryName(file)!)
            : [];
        // What is published has the same time as the build that it was copied from.
        return builds.OrderByDescending(build => File.GetLastWriteTimeUtc(AppSettings.FindAssembly(build))).ThenBy(build => build.Length).FirstOrDefault()
            ?? throw new LocalHostException($"The project in {folder} is not built yet, or not into its folder bin: run 'dotnet build', or name the build by --app-folder.");
    }
}
