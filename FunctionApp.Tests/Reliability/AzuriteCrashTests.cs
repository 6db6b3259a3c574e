using System.Collections.Concurrent;
using System.Net;
using FunctionApp.LocalHost;

namespace FunctionApp.Tests.Reliability;

/// <summary>
/// kill -9 of Azurite under load. It writes its tables to the disk every five seconds, and loses what came after: what a
/// task's row was lost with is unknown then. Azure Storage keeps what it has acknowledged.
/// </summary>
[Collection(nameof(RunsAlone))]
public sealed class AzuriteCrashTests(ITestOutputHelper output) : LocalHostTest
{
    private static readonly TimeSpan Saved = TimeSpan.FromSeconds(7);

    [Fact]
    public async Task What_Azurite_had_saved_is_there_again_nothing_is_wrong_and_work_goes_on()
    {
        string connectionString = Azurite.NewConnectionString();
        Settings["AzureWebJobsStorage"] = connectionString;
        string folder = Data.CreateSubdirectory("killed").FullName;
        Azurite azurite = (await Azurite.StartIfNeededAsync(folder, connectionString, tablesOnly: false))!;
        await using LocalHostProcess host = await StartAsync();
        string[] saved = await host.Http.SubmitManyAsync(20);
        await host.Http.AssertResultsAsync("4.6", saved);
        await Task.Delay(Saved);

        using var stop = new CancellationTokenSource();
        ConcurrentBag<string> recent = [];
        Task[] load = [.. Enumerable.Range(0, 8).Select(_ => SubmitAsync(host.Http, recent, stop.Token))];
        await Task.Delay(2_000);
        string process = await File.ReadAllTextAsync(Path.Combine(folder, "azurite.pid"));
        LocalHostProcess.Kill(int.Parse(process, CultureInfo.InvariantCulture));
        await Task.Delay(1_000);
        await stop.CancelAsync();
        await Task.WhenAll(load);
        await azurite.DisposeAsync();
        azurite = (await Azurite.StartIfNeededAsync(folder, connectionString, tablesOnly: false))!;

        await host.Http.AssertResultsAsync("4.6", await host.Http.SubmitManyAsync(5));
        await host.Http.AssertResultsAsync("4.6", saved);
        HttpStatusCode[] answers = await Task.WhenAll(recent.Select(async taskId =>
        {
            using HttpResponseMessage end = await host.Http.WaitForEndAsync(taskId);
            return end.StatusCode;
        }));
        int lost = answers.Count(answer => answer != HttpStatusCode.OK);
        output.WriteLine($"{saved.Length} saved and there again; of {recent.Count} later ones {lost} lost by Azurite");
        Assert.All(answers, answer => Assert.True(answer is HttpStatusCode.OK or HttpStatusCode.NotFound));
        Assert.Equal(0, await host.SignalAsync("TERM"));
        await azurite.DisposeAsync();
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
