using Microsoft.AspNetCore.Builder;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Emulator.Host;

/// <summary>Links an app that runs within a test to the test that started it: flows along the app's thread.</summary>
internal sealed class EmulatorSession(IReadOnlyDictionary<string, string?> settings)
{
    private static readonly AsyncLocal<EmulatorSession?> CurrentSession = new();

    private readonly TaskCompletionSource<(WebApplication App, DurableTaskClient Client)> _started =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Action? _release;

    /// <summary>Null if the app is a program of its own.</summary>
    public static EmulatorSession? Current
    {
        get => CurrentSession.Value;
        set => CurrentSession.Value = value;
    }

    public IReadOnlyDictionary<string, string?> Settings => settings;

    public Task<(WebApplication App, DurableTaskClient Client)> StartedTask => _started.Task;

    public void ReleaseAtEnd(Action release) => _release = release;

    /// <summary>Frees what the app had, whether it has stopped or not even started.</summary>
    public void Release() => _release?.Invoke();

    /// <summary>
    /// What to throw when the app cannot start: in a test's process the exception itself. A program of its own ends
    /// here with the exception's line.
    /// </summary>
    public static EmulatorException Refuse(EmulatorException e)
    {
        if (Current is null)
        {
            Console.Error.WriteLine(e.Message);
            Environment.Exit(1);
        }

        return e;
    }

    public void Started(WebApplication app, DurableTaskClient client) => _started.TrySetResult((app, client));
}
