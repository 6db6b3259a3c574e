using System.Diagnostics;

namespace FunctionApp.LocalHost.Worker;

/// <summary>The app as a child process, as the Functions host runs it. <see cref="StartupHook"/> ties its life to this process's.</summary>
internal sealed class ChildWorker : IWorker
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    private readonly Lock _lock = new();
    private List<string>? _errors = [];

    /// <exception cref="LocalHostException">There is no dotnet to run it with.</exception>
    public ChildWorker(string assembly, Uri endpoint, string workerId, IReadOnlyDictionary<string, string?> settings)
    {
        var start = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [
                assembly, "--functions-uri", endpoint.AbsoluteUri, "--functions-worker-id", workerId, "--functions-request-id", workerId,
                "--functions-grpc-max-message-length", $"{int.MaxValue}",
            ])
        {
            WorkingDirectory = Path.GetDirectoryName(assembly),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(ChildWorker).Assembly.Location;
        // It seldom runs for long: to compile hot methods twice, first with counters, takes more than it gives.
        start.Environment["DOTNET_TieredPGO"] = "0";
        foreach ((string name, string? value) in settings)
        {
            start.Environment[name] = value;
        }

        try
        {
            _process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new LocalHostException($"The worker cannot be started: {e.Message}", e);
        }

        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is not null)
            {
                Console.WriteLine(line.Data);
            }
        };
        _process.ErrorDataReceived += (_, line) => ReadError(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Ended = WaitAsync();
    }

    public Task<string> Ended { get; }

    public int ProcessId => _process.Id;

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAny(Ended, Task.Delay(Patience));
        if (!Ended.IsCompleted)
        {
            _process.Kill(entireProcessTree: true);
            await Ended;
        }

        _process.Dispose();
    }

    public void OnReady()
    {
        lock (_lock)
        {
            _errors?.ForEach(Console.Error.WriteLine);
            _errors = null;
        }
    }

    private async Task<string> WaitAsync()
    {
        await _process.WaitForExitAsync();
        lock (_lock)
        {
            return $"exit code {_process.ExitCode}{(_errors is [string first, ..] ? $": {first}" : "")}";
        }
    }

    private void ReadError(string? line)
    {
        if (!string.IsNullOrWhiteSpace(line))
        {
            lock (_lock)
            {
                (_errors is null ? Console.Error.WriteLine : (Action<string>)_errors.Add)(line);
            }
        }
    }
}
