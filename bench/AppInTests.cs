using System.Diagnostics;
using Bench.Systems;
using DurableLocalHost;
using Microsoft.DurableTask.Client;

namespace Bench;

/// <summary>
/// What the tests of a small app (samples/Greetings) wait for: the host within this process, or the app in one of its own, from nothing to the
/// first result, restarted, and with one test after the other, each of which runs an orchestration of three activities.
/// </summary>
internal static class AppInTests
{
    private const int Tests = 200;

    public static async Task MeasureAsync(Results results)
    {
        foreach (bool ownProcess in new[] { false, true })
        {
            string name = ownProcess ? "tests, app in its own process" : "tests, app in their process";
            long start = Stopwatch.GetTimestamp();
            await using LocalFunctionHost host = await LocalFunctionHost.StartAsync(
                new Dictionary<string, string?> { ["AzureWebJobsStorage"] = null }, appFolder: BuildOutput.Find("Greetings"), ownProcess: ownProcess);
            await GreetAsync(host);
            results.Add(name, "start to first result, s", Stopwatch.GetElapsedTime(start).TotalSeconds);
            for (int i = 0; i < 10; i++)
            {
                start = Stopwatch.GetTimestamp();
                await host.RestartAsync();
                await GreetAsync(host);
                results.Add(name, "restart to first result, s", Stopwatch.GetElapsedTime(start).TotalSeconds);
            }

            start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Tests; i++)
            {
                await GreetAsync(host);
            }

            results.Add(name, "tests/s", Tests / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
    }

    private static async Task GreetAsync(LocalFunctionHost host)
    {
        string id = await host.Http.GetStringAsync(new Uri("/api/greet?name=Tokyo,Seattle,London", UriKind.Relative));
        OrchestrationMetadata greeting = await host.DurableClient.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true);
        if (greeting.ReadOutputAs<string>() != "Hello, Tokyo! Hello, Seattle! Hello, London!")
        {
            throw new InvalidOperationException($"The orchestration ended as {greeting.RuntimeStatus}.");
        }
    }
}
