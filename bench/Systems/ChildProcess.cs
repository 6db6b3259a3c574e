using System.Diagnostics;

namespace Bench.Systems;

/// <summary>A server that the benchmark starts and ends. Its output is thrown away, except the end of its errors.</summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private string _lastError = "";

    /// <param name="outputFile">Gets the standard output, line by line.</param>
    public ChildProcess(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? outputFile = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, line) => _lastError = line.Data ?? _lastError;
        _process.BeginErrorReadLine();
        Stream output = outputFile is null ? Stream.Null : new FileStream(outputFile, FileMode.Create, FileAccess.Write, FileShare.Read, 1);
        Output = CopyAsync(output);
    }

    public int Id => _process.Id;

    private Task Output { get; }

    /// <exception cref="BenchException">It has ended, or <paramref name="isReady"/> did not hold in time.</exception>
    public async Task WaitUntilAsync(Func<Task<bool>> isReady)
    {
        long start = Stopwatch.GetTimestamp();
        while (!await isReady())
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(start) > Patience * 3)
            {
                throw new BenchException($"{_process.StartInfo.FileName} did not start: {_lastError}");
            }

            await Task.Delay(10);
        }
    }

    /// <exception cref="BenchException">It failed.</exception>
    public async Task WaitForEndAsync()
    {
        await _process.WaitForExitAsync();
        if (_process.ExitCode != 0)
        {
            throw new BenchException($"{_process.StartInfo.FileName} failed: {_lastError}");
        }
    }

    /// <summary>Ends it with SIGTERM, and kills it if that takes too long.</summary>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            using (var kill = Process.Start("kill", ["-TERM", Id.ToString(CultureInfo.InvariantCulture)]))
            {
                kill.WaitForExit();
            }

            if (!_process.WaitForExit(Patience))
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        Output.Wait(Patience);
        _process.Dispose();
    }

    /// <summary>Ends it at once, without a chance to say goodbye.</summary>
    public void Kill()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
    }

    private async Task CopyAsync(Stream output)
    {
        await using (output)
        {
            await _process.StandardOutput.BaseStream.CopyToAsync(output);
        }
    }
}
