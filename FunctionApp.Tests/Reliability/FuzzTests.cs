using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace FunctionApp.Tests.Reliability;

/// <summary>
/// Requests of all kinds to all routes over bare sockets, made from a seed. FUZZ_TEST_REQUESTS=100000 is the longest form;
/// FUZZ_TEST_SEED repeats a run, as far as the tasks that others left allow.
/// </summary>
[Long]
[Collection(nameof(RunsAlone))]
public sealed class FuzzTests(ITestOutputHelper output) : LocalHostTest
{
    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 32 };

    // The API's own limit; only a client that does not even send its headers is waited for longer.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(11);

    private readonly ConcurrentDictionary<string, int> _counts = new();
    private readonly ConcurrentDictionary<string, string?> _accepted = new();
    private readonly ConcurrentQueue<byte[]> _hungUp = new();
    private string[] _known = [];

    [Fact]
    public async Task Whatever_comes_the_answer_is_right_or_a_4xx_that_says_why_and_soon()
    {
        int requests = TestRun.Read("FUZZ_TEST_REQUESTS", 3_000);
        int seed = TestRun.Read("FUZZ_TEST_SEED", Environment.TickCount);
        output.WriteLine($"seed {seed}");
        Settings["Webhook__Secret"] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        await using LocalHostProcess host = await StartAsync();
        _known = [await host.Http.SubmitAsync()];
        _accepted[_known[0]] = "4.6";
        ConcurrentBag<string> failures = [];
        // Beside one who does not even send its headers.
        Task stalled = SendAsync(host.Http.BaseAddress!, FuzzRequest.StalledHead());

        await Parallel.ForAsync(0, requests, AtOnce, async (i, _) =>
        {
            if (i % 100 == 0)
            {
                // In order of their creation.
                _known = [.. _accepted.Keys.Order()];
            }

            int own = unchecked(seed + i);
            var request = FuzzRequest.Create(own, random => Known(_known, random));
            try
            {
                await SendAsync(host.Http.BaseAddress!, request);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                string start = Encoding.Latin1.GetString(request.Bytes, 0, Math.Min(request.Bytes.Length, 300));
                failures.Add($"FUZZ_TEST_SEED={own} FUZZ_TEST_REQUESTS=1: {request.Expected} expected; {e.Message}\n{start}");
            }
        });

        await stalled;
        output.WriteLine(string.Join('\n', _counts.OrderBy(count => count.Key).Select(count => $"{count.Value,8} {count.Key}")));
        Assert.True(failures.IsEmpty, $"{failures.Count} failures, such as:\n{string.Join("\n\n", failures.Take(10))}");
        await AssertTasksAsync(host.Http);
        Assert.Equal(0, await host.SignalAsync("TERM"));
        Assert.DoesNotContain(host.Output, line => line.Contains("failed unexpectedly"));
    }

    // As often one of the last, which may be unfinished, as any.
    private static string Known(string[] known, Random random) =>
        known[^(1 + random.Next(random.Next(2) == 0 ? known.Length : Math.Min(known.Length, 40)))];

    /// <summary>There are no tasks but those that were asked for, and each ends as it should.</summary>
    private async Task AssertTasksAsync(HttpClient http)
    {
        // Who hung up may ask again.
        await Parallel.ForEachAsync(_hungUp, AtOnce, async (again, _) =>
        {
            while (await SendAsync(http.BaseAddress!, new FuzzRequest(again, Expected.AcceptedInTheEnd)) == 503)
            {
                await Task.Delay(1_000);
            }
        });

        string[] listed = await http.ListAsync("/tasks?limit=100");
        Assert.Empty(listed.Except(_accepted.Keys));
        ConcurrentDictionary<string, int> ends = new();
        await Parallel.ForEachAsync(listed, AtOnce, async (taskId, _) =>
            ends.AddOrUpdate(await AssertEndAsync(http, taskId), 1, (_, count) => count + 1));
        output.WriteLine($"{_accepted.Count} tasks, of those that were not deleted "
            + string.Join(", ", ends.Select(end => $"{end.Value} {end.Key}")));
    }

    private async Task<string> AssertEndAsync(HttpClient http, string taskId)
    {
        JsonElement task = await http.GetTaskAsync(taskId);
        if (task.GetProperty("status").GetString() is "Scheduled")
        {
            Assert.True(task.GetProperty("start_at").GetDateTimeOffset() > DateTimeOffset.UtcNow);
            return "Scheduled";
        }

        using HttpResponseMessage answer = await http.WaitForEndAsync(taskId);
        task = await http.GetTaskAsync(taskId);
        string status = task.GetProperty("status").GetString()!;
        if (status == "Succeeded" && _accepted[taskId] is { } result)
        {
            Assert.Equal(result, task.GetProperty("result").GetRawText());
        }

        string end = status == "Failed" ? task.GetProperty("error").GetProperty("code").GetString()! : status;
        Assert.True(end is "Succeeded" or "Canceled" or "not_finite", task.GetRawText());
        return end;
    }

    /// <summary>Sends a request and checks the answer, whose status it returns; 0 if there is none.</summary>
    private async Task<int> SendAsync(Uri server, FuzzRequest request)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(server.Host, server.Port, patience.Token);
        NetworkStream stream = client.GetStream();
        using var response = new MemoryStream();
        long start = Stopwatch.GetTimestamp();
        try
        {
            await stream.WriteAsync(request.Bytes, patience.Token);
            if (request.Again is { } again)
            {
                _hungUp.Enqueue(again);
                return 0;
            }

            await stream.CopyToAsync(response, patience.Token);
        }
        catch (IOException) when (request.Expected is Expected.NotHttp or Expected.NotFound || response.Length > 0)
        {
            // The server closes without having read all.
        }

        int status = Check(request, Encoding.Latin1.GetString(response.ToArray()));
        if (request.Expected != Expected.NotHttp)
        {
            Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, Bound);
        }

        return status;
    }

    private int Check(FuzzRequest request, string response)
    {
        string[] parts = response.Replace("HTTP/1.1 100 Continue\r\n\r\n", "").Split("\r\n\r\n", 2);
        int status = parts[0].Length == 0 ? 0 : int.Parse(parts[0].AsSpan("HTTP/1.1 ".Length, 3));
        _counts.AddOrUpdate($"{request.Expected}: {(status == 0 ? "no answer" : status)}", 1, (_, count) => count + 1);
        bool asExpected = request.Expected switch
        {
            Expected.Accepted => status == 202,
            Expected.AcceptedInTheEnd => status is 202 or 503,
            Expected.Problem => status is >= 400 and < 500,
            Expected.AnyOfTask => status is 200 or 202 or 204 or 304 or 404 or 409,
            Expected.Ok => status == 200,
            Expected.NotFound => status == 404,
            _ => status is 0 or (>= 400 and < 500) or 505,
        };
        Assert.True(asExpected, response[..Math.Min(response.Length, 500)]);
        if (status == 202)
        {
            _accepted[Json(parts[1]).GetProperty("task_id").GetString()!] = request.Result;
        }
        else if (status >= 400 && request.Expected is (Expected.Problem or Expected.AnyOfTask))
        {
            AssertProblem(status, parts);
        }

        return status;
    }

    private static void AssertProblem(int status, string[] parts)
    {
        Assert.Contains("Content-Type: application/problem+json", parts[0]);
        JsonElement problem = Json(parts[1]);
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
    }

    // The body is chunked or not; either way all of its JSON is between the first brace and the last.
    private static JsonElement Json(string body) =>
        JsonElement.Parse(body[body.IndexOf('{')..(body.LastIndexOf('}') + 1)]);
}
