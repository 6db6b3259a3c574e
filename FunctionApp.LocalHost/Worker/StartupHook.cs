using System.Diagnostics;
using System.Runtime.InteropServices;

/// <summary>
/// Runs in the worker's process before the app does, because ChildWorker names this assembly in DOTNET_STARTUP_HOOKS, which wants
/// a class of this name in no namespace (https://github.com/dotnet/runtime/blob/main/docs/design/features/host-startup-hook.md).
/// </summary>
internal static class StartupHook
{
    /// <summary>Ends the process as soon as its standard input does, that is when the host is gone, and leaves Ctrl+C to the host.</summary>
    public static void Initialize()
    {
        // Not for the processes that the app starts.
        Environment.SetEnvironmentVariable("DOTNET_STARTUP_HOOKS", null);
        IgnoreCtrlC();
        new Thread(EndWithHost) { IsBackground = true, Name = nameof(EndWithHost) }.Start();
    }

    private static void EndWithHost()
    {
        using Stream input = Console.OpenStandardInput();
        input.CopyTo(Stream.Null);
        Process.GetCurrentProcess().Kill();
    }

    // A terminal sends it to its whole process group: the host decides when the worker, which may still have work, ends.
    private static void IgnoreCtrlC()
    {
        if (OperatingSystem.IsWindows())
        {
            _ = SetConsoleCtrlHandler(0, true);
        }
        else
        {
            _ = SetProcessGroup(0, 0);
        }
    }

    [DllImport("kernel32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern bool SetConsoleCtrlHandler(nint handler, bool add);

    [DllImport("libc", EntryPoint = "setpgid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetProcessGroup(int process, int group);
}
