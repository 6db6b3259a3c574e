using System.Reflection;
using FunctionApp.Emulator.Host;
using Microsoft.AspNetCore.Builder;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Emulator;

/// <summary>
/// The whole app, Program.cs included, in the test's own process and on a free port of the loopback interface. Without
/// the setting AzureWebJobsStorage it gets an Azurite of its own. Its data live in a temporary folder and last until it
/// is disposed, over any number of restarts.
/// </summary>
public sealed class EmulatedFunctionApp : IAsyncDisposable
{
    private readonly Dictionary<string, string?> _settings;
    private readonly DirectoryInfo _dataFolder = Directory.CreateTempSubdirectory("functionapp-");
    private Task<int> _main = Task.FromResult(0);
    private WebApplication? _app;

    private EmulatedFunctionApp(IReadOnlyDictionary<string, string?>? settings)
    {
        _settings = new()
        {
            ["urls"] = "http://127.0.0.1:0",
            ["Emulator:DataFolder"] = _dataFolder.FullName,
            ["AzureWebJobsStorage"] = LocalPort.AzuriteConnectionString(LocalPort.FindFree()),
            ["Logging:LogLevel:Default"] = "Error",
        };
        foreach ((string name, string? value) in settings ?? new Dictionary<string, string?>())
        {
            _settings[name.Replace("__", ":", StringComparison.Ordinal)] = value;
        }
    }

    /// <summary>Sends to the app. A new one after each start.</summary>
    public HttpClient Http { get; private set; } = null!;

    /// <summary>The client of the app's task hub. A new one after each start.</summary>
    public DurableTaskClient DurableClient { get; private set; } = null!;

    /// <summary>What Program.cs registered.</summary>
    public IServiceProvider Services => _app!.Services;

    /// <param name="settings">App settings, named as in local.settings.json; they override all others.</param>
    /// <exception cref="InvalidOperationException">The app ended before it had started; what is wrong it has written to standard error.</exception>
    /// <exception cref="EmulatorException">The emulator refused to start it.</exception>
    public static async Task<EmulatedFunctionApp> StartAsync(IReadOnlyDictionary<string, string?>? settings = null)
    {
        var app = new EmulatedFunctionApp(settings);
        try
        {
            await app.StartAsync();
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops the app as SIGTERM does and starts it again with the same settings and data.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    /// <summary>Stops the app as SIGTERM does.</summary>
    public async Task StopAsync()
    {
        if (_app is not null)
        {
            Http.Dispose();
            _app.Lifetime.StopApplication();
            await _main;
            _app = null;
        }
    }

    /// <summary>Stops the app if it runs, and deletes its data.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _dataFolder.Delete(recursive: true);
    }

    private async Task StartAsync()
    {
        var session = new EmulatorSession(_settings);
        MethodInfo main = typeof(EmulatedFunctionApp).Assembly.EntryPoint!;
        _main = Task.Factory.StartNew(
            () =>
            {
                EmulatorSession.Current = session;
                try
                {
                    return (int)main.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [Array.Empty<string>()], null)!;
                }
                finally
                {
                    session.Release();
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);

        if (await Task.WhenAny(session.StartedTask, _main) == _main)
        {
            throw new InvalidOperationException($"The app ended with exit code {await _main} before it had started.");
        }

        (_app, DurableClient) = await session.StartedTask;
        Http = new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };
    }
}
