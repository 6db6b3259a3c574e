using System.Diagnostics;
using System.Reactive.Linq;
using System.Reflection;

namespace DurableLocalHost.Worker;

/// <summary>
/// The app in this process: its Main on a thread, with its settings in the environment for as long as it runs. One at a time, as
/// the environment, the entry assembly and what the app has of static state are the process's.
/// </summary>
internal sealed class InProcessWorker : IWorker
{
    private static readonly AsyncLocal<InProcessWorker?> Current = new();
    private static int _running;
    private static volatile IReadOnlyDictionary<string, string?> _replaced = new Dictionary<string, string?>();

    private readonly Assembly? _entryAssembly = Assembly.GetEntryAssembly();
    private readonly TextWriter _error = Console.Error;
    private readonly StringWriter _errors = new();
    private readonly IDisposable _listener;

    /// <exception cref="InvalidOperationException">One is running already.</exception>
    public InProcessWorker(string assembly, Dictionary<string, string?> environment)
    {
        if (Interlocked.Exchange(ref _running, 1) == 1)
        {
            throw new InvalidOperationException(
                "An app is running in this process already, and only one can at a time: stop it first, and let tests that run one not run in parallel.");
        }

        _replaced = environment.Keys.ToDictionary(name => name, Environment.GetEnvironmentVariable);
        foreach ((string name, string? value) in environment)
        {
            Environment.SetEnvironmentVariable(name, value);
        }

        Console.SetError(TextWriter.Synchronized(_errors));
        // Hosts tell in a diagnostic event that they are built, which is how WebApplicationFactory finds a program's.
        _listener = DiagnosticListener.AllListeners
            .Where(listener => listener.Name == "Microsoft.Extensions.Hosting")
            .SelectMany(listener => listener)
            // Other hosts are built in this process too: this one on the app's own thread, or what flows from it.
            .Where(hostEvent => hostEvent is { Key: "HostBuilt", Value: IHost } && Current.Value is { Services: null })
            .Subscribe(hostEvent => Current.Value!.Services = ((IHost)hostEvent.Value!).Services);
        Ended = Task.Factory.StartNew(
            () => Run(assembly), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>
    /// While an app runs in this process, what the environment had before under the names that are set for it; null if nothing. For
    /// other processes, which are to inherit nothing of the app's.
    /// </summary>
    public static IReadOnlyDictionary<string, string?> Replaced => _replaced;

    public Task<string> Ended { get; }

    /// <summary>The services of the app's host; null until that is built.</summary>
    public IServiceProvider? Services { get; private set; }

    public void OnReady()
    {
        Console.SetError(_error);
        _error.Write(_errors.ToString());
    }

    public async ValueTask DisposeAsync() => await Ended;

    private string Run(string path)
    {
        Current.Value = this;
        try
        {
            var assembly = Assembly.LoadFrom(path);
            Assembly.SetEntryAssembly(assembly);
            MethodInfo main = assembly.EntryPoint!;
            object? exitCode = main.Invoke(
                null, BindingFlags.DoNotWrapExceptions, null, [.. main.GetParameters().Select(_ => Array.Empty<string>())], null);
            return $"exit code {exitCode ?? 0}{(_errors.ToString() is { Length: > 0 } error ? $": {error.TrimEnd()}" : "")}";
        }
#pragma warning disable CA1031 // What an app's Main may throw is not known, and is told to who started it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return e.ToString();
        }
        finally
        {
            _listener.Dispose();
            Console.SetError(_error);
            Assembly.SetEntryAssembly(_entryAssembly);
            foreach ((string name, string? value) in _replaced)
            {
                Environment.SetEnvironmentVariable(name, value);
            }

            _replaced = new Dictionary<string, string?>();
            Volatile.Write(ref _running, 0);
        }
    }
}
