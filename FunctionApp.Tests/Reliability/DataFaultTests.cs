using System.Net;
using System.Net.Sockets;
using System.Text;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using DurableLocalHost;
using FunctionApp.Tasks;
using FunctionApp.Tests.Api;
using Microsoft.AspNetCore.Http;

namespace FunctionApp.Tests.Reliability;

/// <summary>Large data while storage fails or the caller leaves, and what they cost in memory.</summary>
[Long]
[Collection(nameof(RunsAlone))]
public sealed class DataFaultTests(ITestOutputHelper output) : LocalHostTest
{
    private const int MiB = 1_024 * 1_024;

    [Fact]
    public async Task Storage_that_is_lost_in_the_middle_is_503_or_a_broken_answer_and_leaves_no_task()
    {
        await using StorageProxy storage = await StorageProxy.StartAsync(Settings);
        await using LocalFunctionHost host = await StartAppAsync();
        string taskId = await SubmitAsync(host.Http, new byte[9 * MiB]);
        await host.Http.WaitForStatusAsync(taskId, "Succeeded");
        int tasks = CountRows();

        // The second block of an upload, and the second part of a download, do not come through.
        storage.Fault = context => Task.FromResult(Fail(context, IsSecondPart(context)));
        using HttpResponseMessage upload = await PostAsync(host.Http, new byte[9 * MiB]);
        using HttpResponseMessage download = await host.Http.GetAsync(
            $"/tasks/{taskId}/files/copy.bin", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<Exception>(() => download.Content.ReadAsByteArrayAsync());
        storage.Fault = context => Task.FromResult(Fail(context, StorageProxy.Target(context).Contains($"/{Settings["ResultsTable"]}/")));
        using HttpResponseMessage away = await host.Http.GetAsync($"/tasks/{taskId}/files/copy.bin");
        storage.Fault = null;

        await ProblemAssert.IsUnavailableAsync(upload);
        await ProblemAssert.IsUnavailableAsync(away);
        Assert.Equal(tasks, CountRows());
    }

    [Fact]
    public async Task A_caller_who_hangs_up_leaves_no_task()
    {
        await using LocalFunctionHost host = await StartAppAsync();
        foreach (string header in new[] { $"Content-Length: {9 * MiB}", "Transfer-Encoding: chunked" })
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(host.Http.BaseAddress!.Host, host.Http.BaseAddress.Port);
            await using NetworkStream stream = socket.GetStream();
            string start = $"POST /digest HTTP/1.1\r\nHost: {host.Http.BaseAddress.Authority}\r\nContent-Type: text/csv\r\n{header}\r\n\r\n";
            await stream.WriteAsync(Encoding.ASCII.GetBytes(start));
            byte[] chunk = [.. Encoding.ASCII.GetBytes($"{5 * MiB:x}\r\n"), .. new byte[5 * MiB], .. "\r\n"u8];
            await stream.WriteAsync(chunk);
            socket.Client.LingerState = new LingerOption(enable: true, seconds: 0);
        }

        Assert.Equal("Succeeded", (await host.Http.WaitForStatusAsync(await SubmitAsync(host.Http, [1]), "Succeeded")).GetProperty("status").GetString());
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        Assert.Equal(1, CountRows());
        var container = new BlobContainerClient(Settings["AzureWebJobsStorage"], Settings["ResultsTable"]);
        Assert.Single(container.GetBlobs(), blob => blob.Name.EndsWith("/input", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_hundred_MiB_in_and_out_and_sixteen_large_results_at_once_cost_little_memory()
    {
        await using LocalFunctionHost host = await StartAppAsync();
        await host.Http.WaitForStatusAsync(await SubmitAsync(host.Http, new byte[20 * MiB]), "Succeeded");
        int worker = Assert.Single(await LocalHostProcess.FindChildrenAsync(Environment.ProcessId, "DataSample.dll"));

        byte[] file = new byte[100 * MiB];
        new Random(1).NextBytes(file);
        (long uploading, string taskId) = await PeakAsync(() => SubmitAsync(host.Http, file));
        await host.Http.WaitForStatusAsync(taskId, "Succeeded");
        (long downloading, byte[] copy) = await PeakAsync(() => host.Http.GetByteArrayAsync($"/tasks/{taskId}/files/copy.bin"));
        Assert.True(file.AsSpan().SequenceEqual(copy));

        using var body = new StringContent("""{"text": "0123456789abcdef", "times": 1000000}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage accepted = await host.Http.PostAsync("/repeat", body);
        string large = await accepted.ReadTaskIdAsync();
        await host.Http.WaitForStatusAsync(large, "Succeeded");
        (long reading, int[] lengths) = await PeakAsync(
            () => Task.WhenAll(Enumerable.Range(0, 16).Select(async _ => (await host.Http.GetByteArrayAsync($"/repeat/{large}")).Length)));

        Assert.All(lengths, length => Assert.Equal(16_000_013, length));
        output.WriteLine($"The worker's memory grew by {uploading / MiB} MiB for 100 MiB in, by {downloading / MiB} for 100 MiB out, by {reading / MiB} for 16 results of 16 MB.");
        Assert.InRange(uploading, long.MinValue, 16 * MiB);
        Assert.InRange(downloading, long.MinValue, 16 * MiB);
        Assert.InRange(reading, long.MinValue, 100 * MiB);

        long Memory()
        {
            using var process = System.Diagnostics.Process.GetProcessById(worker);
            return process.WorkingSet64;
        }

        async Task<(long Growth, T Result)> PeakAsync<T>(Func<Task<T>> act)
        {
            long start = Memory();
            Task<T> acting = act();
            long peak = start;
            while (!acting.IsCompleted)
            {
                peak = Math.Max(peak, Memory());
                await Task.WhenAny(acting, Task.Delay(20));
            }

            return (peak - start, await acting);
        }
    }

    private Task<LocalFunctionHost> StartAppAsync() => LocalFunctionHost.StartAsync(Settings, appFolder: DataApi.Folder, ownProcess: true);

    private int CountRows() =>
        new TableClient(Settings["AzureWebJobsStorage"], Settings["ResultsTable"]).Query<TaskRow>().Count();

    private static bool IsSecondPart(HttpContext context) =>
        (context.Request.Method == "PUT" && context.Request.Query["comp"] == "block")
        || (context.Request.Method == "GET" && context.Request.Headers["x-ms-range"].ToString() is { Length: > 0 } range && !range.StartsWith("bytes=0-", StringComparison.Ordinal));

    private static bool Fail(HttpContext context, bool fails)
    {
        if (fails)
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }

        return fails;
    }

    private static async Task<string> SubmitAsync(HttpClient http, byte[] file)
    {
        using HttpResponseMessage accepted = await PostAsync(http, file);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        return await accepted.ReadTaskIdAsync();
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient http, byte[] file)
    {
        using var body = new ByteArrayContent(file);
        body.Headers.ContentType = new("text/csv");
        return await http.PostAsync("/digest", body);
    }
}
