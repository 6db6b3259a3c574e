using DurableLocalHost;

namespace FunctionApp.Tests.LocalHost;

/// <summary>What is run of an app's project.</summary>
public sealed class AppFolderTests : IDisposable
{
    private readonly DirectoryInfo _project = Directory.CreateTempSubdirectory("project-");

    public void Dispose() => _project.Delete(recursive: true);

    [Fact]
    public void It_is_what_was_compiled_last()
    {
        File.WriteAllText(Path.Combine(_project.FullName, "App.csproj"), "");
        string release = Build("bin/Release/net10.0", hoursAgo: 2);
        string debug = Build("bin/Debug/net10.0", hoursAgo: 1);
        _ = Build("bin/Debug/net10.0/publish", hoursAgo: 1);
        _ = Build("obj/Debug/net10.0", hoursAgo: 0);

        Assert.Equal(debug, AppFolder.Find(_project.FullName));
        Assert.Equal(release, AppFolder.Find(release));
    }

    [Fact]
    public void A_project_without_a_build_is_refused_and_a_folder_without_a_project_taken_as_it_is()
    {
        Assert.Equal(_project.FullName, AppFolder.Find(_project.FullName));

        File.WriteAllText(Path.Combine(_project.FullName, "App.csproj"), "");
        LocalHostException e = Assert.Throws<LocalHostException>(() => AppFolder.Find(_project.FullName));
        Assert.Contains("is not built yet", e.Message);
    }

    private string Build(string path, int hoursAgo)
    {
        string folder = _project.CreateSubdirectory(path).FullName;
        File.WriteAllText(Path.Combine(folder, "functions.metadata"), "[]");
        File.WriteAllText(Path.Combine(folder, "worker.config.json"), """{ "description": { "defaultWorkerPath": "App.dll" } }""");
        string assembly = Path.Combine(folder, "App.dll");
        File.WriteAllText(assembly, "");
        File.SetLastWriteTimeUtc(assembly, new DateTime(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc).AddHours(-hoursAgo));
        return folder;
    }
}
