using System.Net;
using System.Net.Sockets;

namespace FunctionApp.Tests.LocalHost;

/// <summary>A test of the app DurableSample in a process of its own, with a folder of its own that may have a local.settings.json.</summary>
public abstract class SampleTest : LocalHostTest
{
    private DirectoryInfo? _app;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Settings["TickSchedule"] = "0 0 0 29 2 *";
    }

    public override ValueTask DisposeAsync()
    {
        _app?.Delete(recursive: true);
        GC.SuppressFinalize(this);
        return base.DisposeAsync();
    }

    private protected LocalHostProcess LaunchSample(params string[] options) =>
        new(["--app-folder", _app?.FullName ?? DurableHost.AppFolder, "--data-folder", Data.FullName, .. options], Settings);

    private protected async Task<LocalHostProcess> StartSampleAsync(params string[] options)
    {
        LocalHostProcess host = LaunchSample(options is [] ? ["--urls", "http://127.0.0.1:0"] : options);
        await host.WaitUntilStartedAsync();
        return host;
    }

    /// <summary>From now on the app lies in a folder of its own, beside that file.</summary>
    /// <returns>The file's path.</returns>
    private protected async Task<string> WriteLocalSettingsAsync(string json)
    {
        if (_app is null)
        {
            _app = Directory.CreateTempSubdirectory("app-");
            foreach (string file in Directory.EnumerateFiles(DurableHost.AppFolder, "*", SearchOption.AllDirectories))
            {
                string copy = Path.Combine(_app.FullName, Path.GetRelativePath(DurableHost.AppFolder, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }
        }

        string path = Path.Combine(_app.FullName, "local.settings.json");
        await File.WriteAllTextAsync(path, json);
        return path;
    }

    private protected static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
