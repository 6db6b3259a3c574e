using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using CliWrap;

namespace DurableLocalHost.Worker;

/// <summary>The app as a child process, as the Functions host runs it. A startup hook ends it when its standard input ends.</summary>
internal sealed class ChildWorker : IWorker
{
    private const string HostingStartups = "ASPNETCORE_HOSTINGSTARTUPASSEMBLIES";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // The one that runs this process.
    private static readonly string Dotnet = Path.GetFullPath(
        Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));

    private readonly ConcurrentQueue<string> _errors = new();
    private readonly TaskCompletionSource _hangUp = new();
    private readonly CommandTask<CommandResult> _process;
    private volatile bool _isReady;

    public ChildWorker(string assembly, Dictionary<string, string?> environment)
    {
        environment["DOTNET_STARTUP_HOOKS"] = Path.ChangeExtension(typeof(ChildWorker).Assembly.Location, ".StartupHook.dll");
        if (Environment.GetEnvironmentVariable(HostingStartups)?.Contains("Microsoft.AspNetCore.Watch.") is true)
        {
            // What dotnet watch has ASP.NET Core load into the host is not there for the app.
            environment.TryAdd(HostingStartups, null);
        }

        // It seldom runs for long: to compile hot methods twice, first with counters, takes more than it gives.
        environment["DOTNET_TieredPGO"] = "0";
        _process = Cli.Wrap(Dotnet)
            .WithArguments([assembly])
            .WithWorkingDirectory(Path.GetDirectoryName(assembly)!)
            .WithEnvironmentVariables(environment)
            .WithStandardInputPipe(PipeSource.Create((_, _) => _hangUp.Task))
            .WithStandardOutputPipe(PipeTarget.ToDelegate(Console.WriteLine))
            .WithStandardErrorPipe(PipeTarget.ToDelegate(ReadError))
            .WithValidation(CommandResultValidation.None)
            .ExecuteAsync();
        Ended = EndAsync();
    }

    public Task<string> Ended { get; }

    public void OnReady()
    {
        _isReady = true;
        _errors.ToList().ForEach(Console.Error.WriteLine);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAny(Ended, Task.Delay(Patience));
        _hangUp.TrySetResult();
        await Ended;
    }

    private async Task<string> EndAsync()
    {
        CommandResult result = await _process;
        return $"exit code {result.ExitCode}{(_errors.FirstOrDefault() is { } first && !_isReady ? $": {first}" : "")}";
    }

    private void ReadError(string line)
    {
        if (_isReady)
        {
            Console.Error.WriteLine(line);
        }
        else if (!string.IsNullOrWhiteSpace(line))
        {
            _errors.Enqueue(line);
        }
    }
}
