using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using CliWrap;
using DurableLocalHost.Worker;

namespace FunctionApp.Tests;

/// <summary>The local host as a program of its own, with the app as its child, for tests whose subject is the process.</summary>
internal sealed partial class LocalHostProcess : IAsyncDisposable
{
    /// <summary>The one that <c>dotnet run</c> runs, which the build has put beside the tests.</summary>
    public static readonly string Program = Path.Combine(AppContext.BaseDirectory, "FunctionApp.LocalHost.dll");

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly CommandTask<CommandResult> _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="arguments">The command line.</param>
    /// <param name="settings">Environment variables; null removes one.</param>
    /// <param name="maxFileSize">
    /// No file may grow beyond it, in bytes: what a full disk is to a process, without the rights that it takes to make
    /// one. Linux only; <see cref="SetMaxFileSizeAsync"/> changes it.
    /// </param>
    public LocalHostProcess(IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> settings, long? maxFileSize = null)
    {
        string[] command = ["dotnet", Program, .. arguments];
        // Nothing of an app that runs in this process.
        var environment = settings.Concat(InProcessWorker.Replaced).DistinctBy(variable => variable.Key).ToDictionary();
        if (maxFileSize is not null)
        {
            // Without the trap the first write beyond it would end the process.
            command = ["sh", "-c", "trap '' XFSZ; exec prlimit \"$@\"", "sh", $"--fsize={maxFileSize}:", .. command];
            environment["DOTNET_EnableWriteXorExecute"] = "0"; // needs a large file
        }

        _process = Cli.Wrap(command[0])
            .WithArguments(command[1..])
            .WithEnvironmentVariables(environment)
            .WithValidation(CommandResultValidation.None)
            .WithStandardOutputPipe(PipeTarget.ToDelegate(Read))
            .WithStandardErrorPipe(PipeTarget.ToDelegate(_errors.Enqueue))
            .ExecuteAsync();
    }

    /// <summary>Sends to where it listens, once it has started.</summary>
    public HttpClient Http { get; } = new() { Timeout = TimeSpan.FromMinutes(2) };

    public IEnumerable<string> Output => _output;

    public IEnumerable<string> Errors => _errors;

    public int Id => _process.ProcessId;

    public async Task WaitUntilStartedAsync()
    {
        Task first = await Task.WhenAny(_started.Task, _process.Task).WaitAsync(Patience);
        Assert.True(first == _started.Task, $"The host ended: {string.Join('\n', _errors)}");
    }

    /// <summary>The app's process, as of now.</summary>
    public async Task<int> FindWorkerAsync() => Assert.Single(await FindChildrenAsync("FunctionApp.dll"));

    /// <summary>The processes that it has started and whose command line has that text.</summary>
    public Task<int[]> FindChildrenAsync(string text = "") => FindChildrenAsync(Id, text);

    /// <summary>The processes that a process has started and whose command line has that text.</summary>
    public static async Task<int[]> FindChildrenAsync(int parent, string text)
    {
        List<int> ids = [];
        await Cli.Wrap("pgrep").WithArguments(["-P", $"{parent}", "-f", text]).WithValidation(CommandResultValidation.None)
            .WithStandardOutputPipe(PipeTarget.ToDelegate(id => ids.Add(int.Parse(id)))).ExecuteAsync();
        return [.. ids];
    }

    /// <summary>kill -9.</summary>
    public void Kill() => Kill(Id);

    /// <summary>kill -9 of a process that may have ended.</summary>
    public static void Kill(int process)
    {
        if (Find(process) is { } found)
        {
            found.Kill();
            found.Dispose();
        }
    }

    public static bool IsRunning(int process)
    {
        using Process? found = Find(process);
        return found is { HasExited: false };
    }

    /// <summary>Sends SIGTERM or SIGINT and returns the exit code.</summary>
    public async Task<int> SignalAsync(string signal)
    {
        await Cli.Wrap("kill").WithArguments([$"-{signal}", $"{Id}"]).WithValidation(CommandResultValidation.None).ExecuteAsync();
        return await WaitForExitAsync();
    }

    public async Task<int> WaitForExitAsync() => (await _process.Task.WaitAsync(Patience)).ExitCode;

    /// <summary>Resident memory in bytes of the host and its worker, as of now.</summary>
    public async Task<long> ReadMemoryAsync() => ReadMemory(Id) + ReadMemory(await FindWorkerAsync());

    public async Task SetMaxFileSizeAsync(long? bytes)
    {
        string limit = bytes?.ToString() ?? "unlimited";
        await Cli.Wrap("prlimit").WithArguments(["--pid", $"{Id}", $"--fsize={limit}:"]).ExecuteAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.Task.IsCompleted)
        {
            Kill();
            await WaitForExitAsync();
        }

        Http.Dispose();
        _process.Dispose();
    }

    private static long ReadMemory(int process)
    {
        using var found = Process.GetProcessById(process);
        return found.WorkingSet64;
    }

    private static Process? Find(int process)
    {
        try
        {
            return Process.GetProcessById(process);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private void Read(string line)
    {
        _output.Enqueue(line);
        if (Http.BaseAddress is null && Address().Match(line) is { Success: true } address)
        {
            Http.BaseAddress = new Uri(address.Value);
        }

        if (line.StartsWith("Press Ctrl+C"))
        {
            _started.TrySetResult();
        }
    }

    [GeneratedRegex(@"(?<=\] )http://[^/]+")]
    private static partial Regex Address();
}
