using FunctionApp.Emulator.Durable;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging.Abstractions;

namespace FunctionApp.Tests.Emulator;

/// <summary>A task hub with functions that are lambdas, on a journal in a temporary folder; it can be restarted.</summary>
internal sealed class TestHub : IDurableFunctions, IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("testhub-");
    private readonly Dictionary<string, Func<TaskOrchestrationContext, Task<object?>>> _orchestrations = [];
    private readonly Dictionary<string, Func<string?, CancellationToken, Task<object?>>> _activities = [];
    private TaskHub? _hub;

    public DurableTaskClient Client { get; private set; } = null!;

    public string JournalPath => Path.Combine(_folder.FullName, "journal.db");

    public TestHub Orchestration(string name, Func<TaskOrchestrationContext, Task<object?>> run)
    {
        _orchestrations[name] = run;
        return this;
    }

    public TestHub Activity<T>(string name, Func<T, CancellationToken, Task<object?>> run)
    {
        _activities[name] = (input, cancellation) => run(TaskHub.Converter.Deserialize<T>(input)!, cancellation);
        return this;
    }

    /// <summary>A fake one makes timers fire when a test says so.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    public TestHub Start(int maxActivities = 10)
    {
        _hub = new TaskHub(new Journal(JournalPath), this, new TaskHubOptions(maxActivities, 4), NullLoggerFactory.Instance, Time);
        _hub.Start();
        Client = new TaskHubClient(_hub, () => false);
        return this;
    }

    public async Task RestartAsync()
    {
        await StopAsync();
        Start();
    }

    public async Task StopAsync()
    {
        if (_hub is not null)
        {
            await _hub.DisposeAsync();
            _hub = null;
        }
    }

    /// <summary>Starts an instance and waits for its end.</summary>
    public async Task<OrchestrationMetadata> RunAsync(string orchestration, object? input = null)
    {
        string id = await Client.ScheduleNewOrchestrationInstanceAsync(orchestration, input);
        return await WaitAsync(id);
    }

    public Task<OrchestrationMetadata> WaitAsync(string id) =>
        Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, TestContext.Current.CancellationToken);

    public Func<TaskOrchestrationContext, Task<string?>>? FindOrchestration(string name) =>
        _orchestrations.TryGetValue(name, out Func<TaskOrchestrationContext, Task<object?>>? run)
            ? async context => TaskHub.Converter.Serialize(await run(context))
            : null;

    public async Task<string?> RunActivityAsync(string name, string? input, CancellationToken cancellationToken) =>
        TaskHub.Converter.Serialize(await _activities[name](input, cancellationToken));

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Delete(recursive: true);
    }
}
