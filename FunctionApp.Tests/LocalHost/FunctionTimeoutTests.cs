using DurableLocalHost;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tests.LocalHost;

/// <summary>host.json's functionTimeout, by which the Functions host ends the worker, with all that runs in it.</summary>
[Long]
public sealed class FunctionTimeoutTests
{
    [Fact]
    public Task A_function_that_takes_longer_ends_the_worker_and_its_neighbours_are_repeated() => RunAsync(StorageProvider.Sqlite);

    [Fact]
    public Task So_it_does_with_Azure_Storage() => RunAsync(StorageProvider.AzureStorage);

    private static async Task RunAsync(StorageProvider storage)
    {
        var settings = new Dictionary<string, string?> { ["TickSchedule"] = "0 0 0 29 2 *", ["AzureFunctionsJobHost__functionTimeout"] = "00:00:06" };
        await using LocalFunctionHost host = await LocalFunctionHost.StartAsync(settings, storage, DurableHost.AppFolder, ownProcess: true);
        string before = await host.DurableClient.ScheduleNewOrchestrationInstanceAsync("Dawdles", 0.0);
        string tooLong = await host.DurableClient.ScheduleNewOrchestrationInstanceAsync("DawdlesOnce", 600.0);
        OrchestrationMetadata first = await host.DurableClient.WaitForInstanceCompletionAsync(before, getInputsAndOutputs: true);
        await Task.Delay(TimeSpan.FromSeconds(2));
        string neighbour = await host.DurableClient.ScheduleNewOrchestrationInstanceAsync("Dawdles", 4.5);

        OrchestrationMetadata failed = await host.DurableClient.WaitForInstanceCompletionAsync(tooLong, getInputsAndOutputs: true);
        OrchestrationMetadata repeated = await host.DurableClient.WaitForInstanceCompletionAsync(neighbour, getInputsAndOutputs: true);

        Assert.Equal(OrchestrationRuntimeStatus.Failed, failed.RuntimeStatus);
        Assert.Contains("Timeout value of 00:00:06 was exceeded by function: Functions.Dawdle", failed.SerializedOutput);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, repeated.RuntimeStatus);
        Assert.NotEqual(first.ReadOutputAs<int>(), repeated.ReadOutputAs<int>());
    }
}
