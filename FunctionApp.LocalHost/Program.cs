using System.Runtime.InteropServices;
using FunctionApp.LocalHost;

var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
// The second signal does what it does to any program: it ends it at once.
using var sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = stop.TrySetResult());
using var sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Cancel = stop.TrySetResult());
try
{
    return await CommandLine.RunAsync(args, RunAsync);
}
catch (LocalHostException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}

async Task<int> RunAsync(StartOptions options)
{
    var host = new FunctionHost(options);
    Task start = host.StartAsync();
    if (await Task.WhenAny(start, stop.Task) == start)
    {
        await start;
        Console.WriteLine(Banner.Text(host));
        await stop.Task;
        await host.DisposeAsync();
    }

    return 0;
}
