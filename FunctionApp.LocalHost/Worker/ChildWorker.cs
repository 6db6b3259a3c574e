using System.Collections.Concurrent;
using System.ComponentModel;
using CliWrap;

namespace FunctionApp.LocalHost.Worker;

/// <summary>The app as a child process, as the Functions host runs it. <see cref="StartupHook"/> ends it when its standard input ends.</summary>
internal sealed class ChildWorker : IWorker
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ConcurrentQueue<string> _errors = new();
    private readonly TaskCompletionSource _hangUp = new();
    private volatile bool _isReady;

    public ChildWorker(AppSettings app, Uri endpoint, string workerId)
    {
        string[] arguments =
        [
            app.Assembly, "--functions-uri", endpoint.AbsoluteUri, "--functions-worker-id", workerId, "--functions-request-id", workerId,
            "--functions-grpc-max-message-length", $"{int.MaxValue}",
        ];
        Dictionary<string, string?> environment = new(app.Variables)
        {
            ["DOTNET_STARTUP_HOOKS"] = typeof(ChildWorker).Assembly.Location,
            // It seldom runs for long: to compile hot methods twice, first with counters, takes more than it gives.
            ["DOTNET_TieredPGO"] = "0",
        };
        Ended = RunAsync(Cli.Wrap(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
            .WithArguments(arguments)
            .WithWorkingDirectory(Path.GetDirectoryName(app.Assembly)!)
            .WithEnvironmentVariables(environment)
            .WithStandardInputPipe(PipeSource.Create((_, _) => _hangUp.Task))
            .WithStandardOutputPipe(PipeTarget.ToDelegate(Console.WriteLine))
            .WithStandardErrorPipe(PipeTarget.ToDelegate(ReadError))
            .WithValidation(CommandResultValidation.None));
    }

    public Task<string> Ended { get; }

    public int ProcessId { get; private set; }

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

    private async Task<string> RunAsync(Command command)
    {
        try
        {
            CommandTask<CommandResult> process = command.ExecuteAsync();
            ProcessId = process.ProcessId;
            CommandResult result = await process;
            return $"exit code {result.ExitCode}{(_errors.FirstOrDefault() is { } first && !_isReady ? $": {first}" : "")}";
        }
        catch (Win32Exception e)
        {
            return e.Message;
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
