using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using FunctionApp.Emulator;
using FunctionApp.Multiply;
using FunctionApp.Tests.Api;

namespace FunctionApp.Tests.Emulator;

/// <summary>
/// Requests of all kinds over bare sockets, made from a seed. The long form is FUZZ_TEST_REQUESTS=1000000;
/// FUZZ_TEST_SEED repeats a run.
/// </summary>
[Collection(nameof(RunsAlone))]
public class FuzzTests(ITestOutputHelper output)
{
    private const int AtOnce = 32;

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, int> _counts = new();
    private readonly ConcurrentDictionary<string, byte> _mayExist = new();

    [Fact]
    public async Task Whatever_comes_the_answer_is_202_or_a_4xx_that_says_why_within_5_seconds()
    {
        int requests = TestRun.Read("FUZZ_TEST_REQUESTS", 10_000);
        int seed = TestRun.Read("FUZZ_TEST_SEED", Environment.TickCount);
        output.WriteLine($"seed {seed}");
        ConcurrentBag<string> failures = [];
        await using EmulatedFunctionApp app = await AzuriteFixture.StartAppAsync();

        await Parallel.ForAsync(0, requests, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, _) =>
        {
            var request = FuzzRequest.Create(unchecked(seed + i));
            try
            {
                await SendAsync(app.Http.BaseAddress!, request);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                string start = Encoding.Latin1.GetString(request.Bytes, 0, Math.Min(request.Bytes.Length, 300));
                failures.Add($"FUZZ_TEST_SEED={unchecked(seed + i)} FUZZ_TEST_REQUESTS=1: {request.Expected} expected; {e.Message}\n{start}");
            }
        });

        output.WriteLine(string.Join('\n', _counts.OrderBy(count => count.Key).Select(count => $"{count.Value,8} {count.Key}")));
        Assert.True(failures.IsEmpty, $"{failures.Count} failures, such as:\n{string.Join("\n\n", failures.Take(10))}");
        string last = await app.Http.SubmitAsync("6", "7");
        Assert.Equal("42", await app.Http.WaitForResultAsync(last));
        _mayExist[last] = 0;
        string[] uninvited =
        [
            .. await app.DurableClient.GetAllInstancesAsync().Select(instance => instance.InstanceId)
                .Where(id => !_mayExist.ContainsKey(id)).ToArrayAsync(),
        ];
        Assert.Empty(uninvited);
    }

    private async Task SendAsync(Uri server, FuzzRequest request)
    {
        if (request.IdempotencyKey is { } key && IdempotencyKey.TryGetTaskId(key, out string taskId))
        {
            _mayExist[taskId] = 0;
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(server.Host, server.Port, patience.Token);
        NetworkStream stream = client.GetStream();
        using var response = new MemoryStream();
        long start = Stopwatch.GetTimestamp();
        try
        {
            await stream.WriteAsync(request.Bytes, patience.Token);
            if (request.Expected == Expected.HungUp)
            {
                return;
            }

            await stream.CopyToAsync(response, patience.Token);
        }
        catch (IOException) when (request.Expected == Expected.NotHttp)
        {
            // The server closes without having read all.
        }

        Check(request.Expected, Encoding.Latin1.GetString(response.ToArray()));
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, Bound);
    }

    private void Check(Expected expected, string response)
    {
        string[] parts = response.Replace("HTTP/1.1 100 Continue\r\n\r\n", "", StringComparison.Ordinal).Split("\r\n\r\n", 2);
        int status = parts[0].Length == 0 ? 0 : int.Parse(parts[0].AsSpan("HTTP/1.1 ".Length, 3), CultureInfo.InvariantCulture);
        _counts.AddOrUpdate($"{expected}: {(status == 0 ? "no answer" : status)}", 1, (_, count) => count + 1);
        switch (expected)
        {
            case Expected.Accepted:
                Assert.Equal(202, status);
                _mayExist[Json(parts[1]).GetProperty("task_id").GetString()!] = 0;
                break;
            case Expected.Problem:
                Assert.InRange(status, 400, 499);
                AssertProblem(status, parts);
                break;
            case Expected.NotFound:
                Assert.Equal(404, status);
                break;
            case Expected.NotHttp:
                Assert.True(status is 0 or (>= 400 and < 500) or 505, $"status {status}");
                break;
        }
    }

    private static void AssertProblem(int status, string[] parts)
    {
        Assert.Contains("Content-Type: application/problem+json", parts[0], StringComparison.Ordinal);
        JsonElement problem = Json(parts[1]);
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
    }

    // The body is chunked or not; either way all of its JSON is between the first brace and the last.
    private static JsonElement Json(string body) => JsonElement.Parse(body[body.IndexOf('{', StringComparison.Ordinal)..(body.LastIndexOf('}') + 1)]);
}
