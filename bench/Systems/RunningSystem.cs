using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using CliWrap;

namespace Bench.Systems;

/// <summary>A system under test: its processes, which end with it, and its API.</summary>
internal sealed class RunningSystem(Uri url, string? key = null) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly List<(Task Process, CancellationTokenSource Stop)> _processes = [];
    private readonly CancellationTokenSource _kill = new();
    private string _lastLine = "";

    public Api Api { get; } = new(url, key);

    /// <summary>Of processes started from now on; null removes a variable.</summary>
    public Dictionary<string, string?> Variables { get; } = [];

    /// <summary>When the first process was started, a timestamp of <see cref="Stopwatch"/>.</summary>
    public long Started { get; } = Stopwatch.GetTimestamp();

    public static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Starts a process; the task ends with it.</summary>
    public Task Start(string program, params string[] arguments)
    {
        var stop = new CancellationTokenSource();
        Task process = Cli.Wrap(program)
            .WithArguments(arguments)
            .WithEnvironmentVariables(Variables)
            .WithStandardErrorPipe(PipeTarget.ToDelegate(line => _lastLine = line))
            .ExecuteAsync(_kill.Token, stop.Token);
        _processes.Add((process, stop));
        return process;
    }

    /// <exception cref="InvalidOperationException">A process has ended, or the API does not answer in time.</exception>
    public async Task<RunningSystem> WaitUntilItAnswersAsync()
    {
        while (!await Api.AnswersAsync())
        {
            if (Stopwatch.GetElapsedTime(Started) > Patience || _processes.Exists(process => process.Process.IsFaulted))
            {
                await DisposeAsync();
                throw new InvalidOperationException($"{url} does not answer: {_lastLine}");
            }

            await Task.Delay(10);
        }

        return this;
    }

    /// <summary>Interrupts the processes, the last started first; those that go on are killed.</summary>
    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        _kill.CancelAfter(Patience);
        foreach ((Task process, CancellationTokenSource stop) in Enumerable.Reverse(_processes))
        {
            await stop.CancelAsync();
            await process.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stop.Dispose();
        }

        _kill.Dispose();
    }
}
