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

    public EmulatorProcess(string dataFolder, IReadOnlyDictionary<string, string?> settings)
    {
        int port = LocalPort.FindFree();
        var start = new ProcessStartInfo("dotnet", [typeof(EmulatedFunctionApp).Assembly.Location, "--urls", $"http://127.0.0.1:{port}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string? value) in settings)
        {
            start.Environment[name] = value;
        }

        start.Environment["Emulator__DataFolder"] = dataFolder;
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
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
