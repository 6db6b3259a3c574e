using System.Collections.Concurrent;
using System.ComponentModel;
using CliWrap;

namespace FunctionApp.LocalHost.Worker;

/// <summary>The app as a child process, as the Functions host runs it. <see cref="StartupHook"/> ties its life to this process's.</summary>
internal sealed class ChildWorker : IWorker
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ConcurrentQueue<string> _errors = new();
    private readonly CancellationTokenSource _kill = new();
    private readonly CommandTask<CommandResult> _process;
    private volatile bool _isReady;

    /// <exception cref="LocalHostException">There is no dotnet to run it with.</exception>
    public ChildWorker(string assembly, Uri endpoint, string workerId, IReadOnlyDictionary<string, string?> settings)
    {
        string[] arguments =
        [
            assembly, "--functions-uri", endpoint.AbsoluteUri, "--functions-worker-id", workerId, "--functions-request-id", workerId,
            "--functions-grpc-max-message-length", $"{int.MaxValue}",
        ];
        Dictionary<string, string?> environment = new(settings)
        {
            ["DOTNET_STARTUP_HOOKS"] = typeof(ChildWorker).Assembly.Location,
            // It seldom runs for long: to compile hot methods twice, first with counters, takes more than it gives.
            ["DOTNET_TieredPGO"] = "0",
        };
        try
        {
            _process = Cli.Wrap(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
                .WithArguments(arguments)
                .WithWorkingDirectory(Path.GetDirectoryName(assembly)!)
                .WithEnvironmentVariables(environment)
                .WithStandardInputPipe(PipeSource.Create((_, ended) => Task.Delay(Timeout.Infinite, ended)))
                .WithStandardOutputPipe(PipeTarget.ToDelegate(Console.WriteLine))
                .WithStandardErrorPipe(PipeTarget.ToDelegate(ReadError))
                .WithValidation(CommandResultValidation.None)
                .ExecuteAsync(_kill.Token);
        }
        catch (Win32Exception e)
        {
            throw new LocalHostException($"The worker cannot be started: {e.Message}", e);
        }

        Ended = WaitAsync();
    }

    public Task<string> Ended { get; }

    public int ProcessId => _process.ProcessId;

    public async ValueTask DisposeAsync()
    {
        _kill.CancelAfter(Patience);
        await Ended;
    }

    public void OnReady()
    {
        _isReady = true;
        foreach (string line in _errors)
        {
            Console.Error.WriteLine(line);
        }
    }

    private async Task<string> WaitAsync()
    {
        try
        {
            CommandResult result = await _process;
            return $"exit code {result.ExitCode}{(_errors.FirstOrDefault() is { } first && !_isReady ? $": {first}" : "")}";
        }
        catch (OperationCanceledException)
        {
            return "it did not end by itself";
        }
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
