using System.Collections.Concurrent;
using System.Diagnostics;
using FunctionApp.Emulator;
using FunctionApp.Emulator.Host;

namespace FunctionApp.Tests.Emulator;

/// <summary>The emulator as a program of its own, for tests whose subject is the process.</summary>
internal sealed class EmulatorProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="maxFileSize">
    /// No file may grow beyond it, in bytes: what a full disk is to a process, without the rights that it takes to make
    /// one. Linux only; <see cref="SetMaxFileSizeAsync"/> changes it.
    /// </param>
    /// <param name="urls">Where it listens, if not on a free port.</param>
    public EmulatorProcess(string dataFolder, IReadOnlyDictionary<string, string?> settings, long? maxFileSize = null, string? urls = null)
    {
        urls ??= $"http://127.0.0.1:{LocalPort.FindFree()}";
        string[] command = ["dotnet", typeof(EmulatedFunctionApp).Assembly.Location, "--urls", urls];
        if (maxFileSize is not null)
        {
            // Without the trap the first write beyond it would end the process.
            command = ["sh", "-c", "trap '' XFSZ; exec prlimit \"$@\"", "sh", $"--fsize={maxFileSize}:", .. command];
        }

        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string? value) in settings)
        {
            start.Environment[name] = value;
        }

        start.Environment["Emulator__DataFolder"] = dataFolder;
        start.Environment["DOTNET_EnableWriteXorExecute"] = maxFileSize is null ? null : "0"; // needs a large file
        Http = new HttpClient { BaseAddress = Uri.TryCreate(urls, UriKind.Absolute, out Uri? address) ? address : null };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) =>
        {
            _output.Enqueue(line.Data ?? "");
            if (line.Data?.StartsWith("Press Ctrl+C", StringComparison.Ordinal) == true)
            {
                _started.SetResult();
            }
        };
        _process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is not null)
            {
                _errors.Enqueue(line.Data);
            }
        };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public HttpClient Http { get; }

    public IEnumerable<string> Output => _output;

    public IEnumerable<string> Errors => _errors;

    public static async Task<EmulatorProcess> StartAsync(string dataFolder, IReadOnlyDictionary<string, string?> settings)
    {
        var emulator = new EmulatorProcess(dataFolder, settings);
        await emulator.WaitUntilStartedAsync();
        return emulator;
    }

    /// <summary>The emulator refuses to start: exit code 1, and one line that contains <paramref name="expected"/>.</summary>
    public static async Task AssertRefusedAsync(
        string dataFolder, IReadOnlyDictionary<string, string?> settings, string expected, long? maxFileSize = null, string? urls = null)
    {
        using var emulator = new EmulatorProcess(dataFolder, settings, maxFileSize, urls);

        Assert.Equal(1, await emulator.WaitForExitAsync());

        Assert.Contains(expected, Assert.Single(emulator.Errors), StringComparison.Ordinal);
        Assert.DoesNotContain(emulator.Output, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    /// <summary>Resident memory in bytes, as of now.</summary>
    public long ReadMemory()
    {
        _process.Refresh();
        return _process.WorkingSet64;
    }

    public async Task SetMaxFileSizeAsync(long? bytes)
    {
        string limit = bytes?.ToString(CultureInfo.InvariantCulture) ?? "unlimited";
        using var prlimit = Process.Start("prlimit", ["--pid", _process.Id.ToString(CultureInfo.InvariantCulture), $"--fsize={limit}:"]);
        await prlimit.WaitForExitAsync();
        Assert.Equal(0, prlimit.ExitCode);
    }

    public async Task WaitUntilStartedAsync()
    {
        Task exited = _process.WaitForExitAsync();
        Task first = await Task.WhenAny(_started.Task, exited).WaitAsync(Patience);
        Assert.True(first == _started.Task, $"The emulator ended: {string.Join('\n', _errors)}");
    }

    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Sends SIGTERM or SIGINT and returns the exit code.</summary>
    public async Task<int> SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        return await WaitForExitAsync();
    }

    public async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        Http.Dispose();
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
    }
}
