using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using DurableLocalHost;

namespace FunctionApp.Tests.Reliability;

/// <summary>
/// kill -9 of Azurite under load. It writes its tables to the disk every five seconds, and loses what came after: a task
/// whose row it lost is unknown, one whose end it lost is found to be lost a minute later (AZURITE_CRASH_TEST_SECONDS=120
/// waits for that). Azure Storage keeps what it has acknowledged.
/// </summary>
[Long]
[Collection(nameof(RunsAlone))]
public sealed class AzuriteCrashTests(ITestOutputHelper output) : LocalHostTest
{
    private static readonly TimeSpan Saved = TimeSpan.FromSeconds(7);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(TestRun.Read("AZURITE_CRASH_TEST_SECONDS", 2));

    [Fact]
    public async Task What_Azurite_had_saved_is_there_again_nothing_is_wrong_and_work_goes_on()
    {
        string connectionString = Azurite.NewConnectionString();
        Settings["AzureWebJobsStorage"] = connectionString;
        string folder = Data.CreateSubdirectory("killed").FullName;
        Azurite azurite = (await Azurite.StartIfNeededAsync(folder, connectionString, tablesFirst: false))!;
        await using LocalHostProcess host = await StartAsync();
        string[] saved = await host.Http.SubmitManyAsync(20);
        await host.Http.AssertResultsAsync("4.6", saved);
        await Task.Delay(Saved);

        using var stop = new CancellationTokenSource();
        ConcurrentBag<string> recent = [];
        Task[] load = [.. Enumerable.Range(0, 8).Select(_ => SubmitAsync(host.Http, recent, stop.Token))];
        await Task.Delay(2_000);
        string process = await File.ReadAllTextAsync(Path.Combine(folder, "azurite.pid"));
        LocalHostProcess.Kill(int.Parse(process));
        await Task.Delay(1_000);
        await stop.CancelAsync();
        await Task.WhenAll(load);
        await azurite.DisposeAsync();
        azurite = (await Azurite.StartIfNeededAsync(folder, connectionString, tablesFirst: false))!;

        await host.Http.AssertResultsAsync("4.6", await host.Http.SubmitManyAsync(5));
        await host.Http.AssertResultsAsync("4.6", saved);
        string[] answers = await Task.WhenAll(recent.Select(taskId => ReadAsync(host.Http, taskId)));
        output.WriteLine($"{saved.Length} saved and there again; of {recent.Count} later ones "
            + string.Join(", ", answers.CountBy(answer => answer).Select(count => $"{count.Value} {count.Key}")));
        Assert.All(answers, answer => Assert.True(answer is "4.6" or "Pending" or "Running" or "Unknown" or "lost", answer));
        Assert.Equal(0, await host.SignalAsync("TERM"));
        await azurite.DisposeAsync();
    }

    private static async Task<string> ReadAsync(HttpClient http, string taskId)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            using HttpResponseMessage answer = await http.GetAsync($"/tasks/{taskId}");
            JsonElement task = await answer.ReadJsonAsync();
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                return task.GetProperty("task_status").GetString()!;
            }

            string status = task.GetProperty("status").GetString()!;
            if (status is not ("Pending" or "Running") || Stopwatch.GetElapsedTime(start) > Patience)
            {
                return status switch
                {
                    "Succeeded" => task.GetProperty("result").GetRawText(),
                    "Failed" => task.GetProperty("error").GetProperty("code").GetString()!,
                    _ => status,
                };
            }

            await Task.Delay(200);
        }
    }

    private static async Task SubmitAsync(HttpClient http, ConcurrentBag<string> accepted, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using HttpResponseMessage response = await http.PostAsync("""{"x": 2.3, "y": 2.0}""");
            if (response.StatusCode == HttpStatusCode.Accepted)
            {
                accepted.Add(await response.ReadTaskIdAsync());
            }
            else
            {
                await ProblemAssert.IsUnavailableAsync(response);
            }
        }
    }
}
