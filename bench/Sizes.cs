using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Bench.Systems;
using DurableLocalHost;

namespace Bench;

/// <summary>
/// Large data through an app whose tasks copy a file, or repeat a text: the time that it takes, and how much more memory the worker
/// has meanwhile than before.
/// </summary>
internal static class Sizes
{
    public const string Name = "any size";

    private const int MiB = 1_024 * 1_024;

    public static async Task MeasureAsync(Results results)
    {
        await using LocalFunctionHost host = await LocalFunctionHost.StartAsync(appFolder: BuildOutput.Find("DataSample"), ownProcess: true);
        byte[] file = new byte[100 * MiB];
        RandomNumberGenerator.Fill(file);

        // Code that large data take is compiled, and the connections' buffers are there.
        await WaitAsync(host.Http, await SubmitAsync(host.Http, file[..(20 * MiB)]));

        string taskId = "";
        await AddAsync("100 MiB in", async () => taskId = await SubmitAsync(host.Http, file));
        await AddAsync("100 MiB copied by the task, until its result", () => WaitAsync(host.Http, taskId));
        await AddAsync("100 MiB out", () => host.Http.GetByteArrayAsync(new Uri($"/tasks/{taskId}/files/copy.bin", UriKind.Relative)));

        using HttpResponseMessage accepted = await host.Http.PostAsJsonAsync("/repeat", new { text = "0123456789abcdef", times = 1_000_000 });
        string large = await ReadIdAsync(accepted);
        await WaitAsync(host.Http, large);
        await AddAsync("16 GETs of 16 MB at once", () => Task.WhenAll(
            Enumerable.Range(0, 16).Select(_ => host.Http.GetByteArrayAsync(new Uri($"/repeat/{large}", UriKind.Relative)))));

        async Task AddAsync(string what, Func<Task> act)
        {
            double before = Memory();
            double peak = before;
            long start = Stopwatch.GetTimestamp();
            Task acting = act();
            while (!acting.IsCompleted)
            {
                peak = Math.Max(peak, Memory());
                await Task.WhenAny(acting, Task.Delay(200));
            }

            await acting;
            results.Add(Name, $"{what}, s", Stopwatch.GetElapsedTime(start).TotalSeconds);
            results.Add(Name, $"{what}, worker MiB", peak - before);
        }
    }

    private static double Memory() => ProcessUse.MemoryMiB()["worker"];

    private static async Task<string> SubmitAsync(HttpClient http, byte[] file)
    {
        using var body = new ByteArrayContent(file) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
        using HttpResponseMessage accepted = await http.PostAsync(new Uri("/digest", UriKind.Relative), body);
        return await ReadIdAsync(accepted);
    }

    private static async Task<string> ReadIdAsync(HttpResponseMessage accepted)
    {
        accepted.EnsureSuccessStatusCode();
        return (await accepted.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("task_id").GetString()!;
    }

    private static async Task WaitAsync(HttpClient http, string taskId)
    {
        while ((await http.GetFromJsonAsync<JsonElement>($"/tasks/{taskId}")).GetProperty("status").GetString() is not "Succeeded")
        {
            await Task.Delay(50);
        }
    }
}
