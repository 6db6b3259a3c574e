using System.Runtime.InteropServices;

namespace DurableLocalHost;

/// <summary>What a program that runs the host does where its command line does not say otherwise.</summary>
/// <param name="AppFolder">The app's project, or its build output.</param>
/// <param name="DataFolder">Where the host keeps its data.</param>
/// <param name="SettingsFile">What serves as local.settings.json of the app in <paramref name="AppFolder"/>, if that has none.</param>
internal sealed record ProgramDefaults(string AppFolder, string DataFolder, string? SettingsFile = null);

/// <summary>The host as a program: from the command line until Ctrl+C.</summary>
internal static class HostProgram
{
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args, ProgramDefaults defaults)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // The second signal does what it does to any program: it ends it at once.
        using var sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = stop.TrySetResult());
        using var sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Cancel = stop.TrySetResult());
        try
        {
            return await new CommandLine(defaults).RunAsync(args, options => RunAsync(options, stop.Task));
        }
        catch (LocalHostException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    }

    private static async Task<int> RunAsync(StartOptions options, Task stop)
    {
        var host = new FunctionHost(options);
        Task start = host.StartAsync();
        if (await Task.WhenAny(start, stop) == start)
        {
            await start;
            Console.WriteLine(Banner.Text(host));
            await stop;
            await host.DisposeAsync();
        }

        return 0;
    }
}
