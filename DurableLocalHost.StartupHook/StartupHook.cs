using System;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;

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
        // A terminal sends Ctrl+C to its whole process group: the host decides when the worker, which may still have work, ends.
        // On Windows the worker has a console of its own.
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            _ = SetProcessGroup(0, 0);
        }

        new Thread(EndWithHost) { IsBackground = true }.Start();
    }

    private static void EndWithHost()
    {
        Console.OpenStandardInput().CopyTo(Stream.Null);
        Process.GetCurrentProcess().Kill();
    }

    [DllImport("libc", EntryPoint = "setpgid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetProcessGroup(int process, int group);
}
