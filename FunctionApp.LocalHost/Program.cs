using System.Runtime.InteropServices;
using FunctionApp.LocalHost;

var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
// The second signal does what it does to any program: it ends it at once.
using var sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = stop.TrySetResult());
using var sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Cancel = stop.TrySetResult());
try
{
    Task<FunctionHost> start = FunctionHost.StartAsync(StartOptions.Parse(args));
    if (await Task.WhenAny(start, stop.Task) == start)
    {
        await using FunctionHost host = await start;
        Console.WriteLine(Banner.Text(host));
        await stop.Task;
    }

    return 0;
}
catch (LocalHostException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
