using System.Diagnostics;
using System.Reactive.Linq;
using System.Reflection;

namespace FunctionApp.LocalHost.Worker;

/// <summary>
/// The app in this process: its Main on a thread, with its settings in the environment for as long as it runs. One at a time, as
/// the environment, the entry assembly and what the app has of static state are the process's.
/// </summary>
internal sealed class InProcessWorker : IWorker
{
    private static readonly AsyncLocal<InProcessWorker?> Current = new();
    private static int _running;

    private readonly Dictionary<string, string?> _environment = [];
    private readonly Assembly? _entryAssembly = Assembly.GetEntryAssembly();
    private readonly TextWriter _error = Console.Error;
    private readonly StringWriter _errors = new();
    private readonly IDisposable _listener;

    /// <exception cref="InvalidOperationException">One is running already.</exception>
    public InProcessWorker(AppSettings app, Uri endpoint, string workerId)
    {
        if (Interlocked.Exchange(ref _running, 1) == 1)
        {
            throw new InvalidOperationException(
                "An app is running in this process already, and only one can at a time: stop it first, and let tests that run one not run in parallel.");
        }

        foreach ((string name, string? value) in app.Variables)
        {
            _environment[name] = Environment.GetEnvironmentVariable(name);
            Environment.SetEnvironmentVariable(name, value);
        }

        Console.SetError(TextWriter.Synchronized(_errors));
        // Hosts tell in a diagnostic event that they are built, which is how WebApplicationFactory finds a program's.
        _listener = DiagnosticListener.AllListeners
            .Where(listener => listener.Name == "Microsoft.Extensions.Hosting")
            .SelectMany(listener => listener)
            .Subscribe(OnHostEvent);
        string[] arguments =
        [
            $"--Functions:Worker:HostEndpoint={endpoint}", $"--Functions:Worker:WorkerId={workerId}",
            $"--Functions:Worker:RequestId={workerId}", $"--Functions:Worker:GrpcMaxMessageLength={int.MaxValue}",
        ];
        Ended = Task.Factory.StartNew(
            () => Run(app.Assembly, arguments), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public Task<string> Ended { get; }

    /// <summary>The services of the app's host; null until that is built.</summary>
    public IServiceProvider? Services { get; private set; }

    public void OnReady()
    {
        Console.SetError(_error);
        _error.Write(_errors.ToString());
    }

    public async ValueTask DisposeAsync() => await Ended;

    private string Run(string path, string[] arguments)
    {
        Current.Value = this;
        try
        {
            var assembly = Assembly.LoadFrom(path);
            Assembly.SetEntryAssembly(assembly);
            MethodInfo main = assembly.EntryPoint!;
            object? exitCode = main.Invoke(
                null, BindingFlags.DoNotWrapExceptions, null, main.GetParameters().Length == 0 ? null : [arguments], null);
            return $"exit code {exitCode ?? 0}{FirstError()}";
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
            foreach ((string name, string? value) in _environment)
            {
                Environment.SetEnvironmentVariable(name, value);
            }

            Volatile.Write(ref _running, 0);
        }
    }

    private static void OnHostEvent(KeyValuePair<string, object?> hostEvent)
    {
        // Other hosts are built in this process too: this one on the app's own thread, or what flows from it.
        if (hostEvent is { Key: "HostBuilt", Value: IHost host } && Current.Value is { Services: null } worker)
        {
            worker.Services = host.Services;
        }
    }

    private string FirstError() => _errors.ToString() is { Length: > 0 } text ? $": {text.TrimEnd()}" : "";
}
