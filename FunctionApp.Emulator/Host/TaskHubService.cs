using FunctionApp.Emulator.Durable;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Hosting;

namespace FunctionApp.Emulator.Host;

/// <summary>Starts the task hub before the server listens and stops it after the last request.</summary>
internal sealed class TaskHubService(TaskHub hub, StorageWatch? storage) : IHostedService
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    public DurableTaskClient Client { get; } = new TaskHubClient(hub, () => storage is { IsDown: true });

    public Task StartAsync(CancellationToken cancellationToken)
    {
        hub.Start();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await hub.StopAsync(Grace);
        await hub.DisposeAsync();
    }
}
