using System.Security.Cryptography;
using System.Text;
using static FunctionApp.Tests.Reliability.FuzzBody;

namespace FunctionApp.Tests.Reliability;

/// <summary>What must come of a request.</summary>
internal enum Expected
{
    /// <summary>202: it is a task.</summary>
    Accepted,

    /// <summary>202, or 503: then it is asked again.</summary>
    AcceptedInTheEnd,

    /// <summary>A 4xx with problem details.</summary>
    Problem,

    /// <summary>It is about a task that others change meanwhile: 200, 202, 204 or 304, or 404 or 409 with problem details.</summary>
    AnyOfTask,

    /// <summary>200.</summary>
    Ok,

    /// <summary>404: an empty one where no function is, as the Functions host has it, or else problem details.</summary>
    NotFound,

    /// <summary>It breaks HTTP or the server's limits, so no function sees it: a bare 4xx, or the connection closes.</summary>
    NotHttp,

    /// <summary>The client leaves before the answer: whether it was accepted, only its idempotency key tells.</summary>
    HungUp,
}

/// <summary>One request as bytes, made from a seed.</summary>
/// <param name="Result">Of the task that it submits, if that is easily known.</param>
/// <param name="Again">For a client that leaves: the same request, whose answer has the task's ID.</param>
internal sealed record FuzzRequest(byte[] Bytes, Expected Expected, string? Result = null, byte[]? Again = null)
{
    /// <param name="seed">Of every choice.</param>
    /// <param name="known">Picks the ID of a task that was there.</param>
    public static FuzzRequest Create(int seed, Func<Random, string> known)
    {
        // Neighbouring seeds give Random neighbouring first values, so that choices would go together.
        var random = new Random(BitConverter.ToInt32(SHA256.HashData(BitConverter.GetBytes(seed))));
        return random.Next(1_000) switch
        {
            < 200 => RightPost(random),
            < 350 => Post(random, Wrong(random), "", Expected.Problem),
            < 430 => Post(random, Right(random).Body, $"?{WrongOption(random)}", Expected.Problem),
            < 460 => OddKey(random),
            < 560 => About(random, known(random), Expected.AnyOfTask),
            < 620 => About(random, known(random), Expected.AnyOfTask, "GET"),
            < 700 => About(random, OddId(random), Expected.Problem),
            < 725 => new(Head("GET", $"/tasks?{string.Join('&', Filters(random))}", ""), Expected.Ok),
            < 730 => new(Head("GET", Pick(random, "/", "/?x=%", "/openapi.json", "/OpenApi.json?code=x"), ""), Expected.Ok),
            < 735 => new(Head("HEAD", Pick(random, "/", "/tasks", "/tasks?limit=3", "/openapi.json"), ""), Expected.Ok),
            < 770 => new(Head("GET", $"/tasks?{string.Join('&', [WrongFilter(random), .. Filters(random)])}", ""), Expected.Problem),
            < 810 => NoFunction(random),
            < 820 => Post(random, RightBatch(random), "", Expected.Accepted, "/multiply/batch"),
            < 830 => Post(random, Wrong(random), "", Expected.Problem, Pick(random, "/multiply/batch", "/divide/batch")),
            < 930 => BrokenHttp(random),
            < 935 => StalledBody(random),
            _ => HungUp(random),
        };
    }

    /// <summary>Stops in the middle of its headers, and waits.</summary>
    public static FuzzRequest StalledHead() => new(Head("POST", "/multiply", "")[..^20], Expected.NotHttp);

    private static FuzzRequest RightPost(Random random)
    {
        (byte[] body, string? result) = Right(random);
        return Post(random, body, Pick(random, "", "", "?x=1&x=2", $"?{RightOption(random)}"), Expected.Accepted) with { Result = result };
    }

    private static string RightOption(Random random) => Pick(
        random,
        "delay=0", "delay=0.25", "delay=1.5", "delay=.1", "delay=1e-7", "delay=86400", "start_at=2020-01-01T00:00:00Z",
        "start_at=2020-01-01t00:00:00.123456789%2B02:00", "limit=x&cursor=y");

    private static string WrongOption(Random random) => Pick(
        random,
        "delay=-1", "delay=NaN", "delay=-Infinity", "delay=1e9", "delay=", "delay=1&delay=1", "delay=99999999999", "delay=1&start_at=2020-01-01T00:00:00Z",
        "start_at=", "start_at=2020-01-01", "start_at=9999-12-31T23:59:59Z", "start_at=0000-00-00T00:00:00Z", "start_at=%00",
        $"start_at={new string('1', 3_000)}",
        "webhook=", "webhook=x", "webhook=http://example.com/", "webhook=https://127.0.0.1/", "webhook=https://[::ffff:10.0.0.1]/",
        "webhook=https://u:p@example.com/", "webhook=https://169.254.169.254/", "webhook=file:///etc/passwd", "webhook=https://%00",
        $"webhook=https://example.com/{new string('w', 2_100)}");

    private static FuzzRequest Post(Random random, byte[] body, string query, Expected expected, string? path = null)
    {
        path ??= Pick(random, "/multiply", "/Multiply", "/multiply/", $"/%{(int)"multiply"[0]:X}{"multiply"[1..]}");
        string headers = Pick(
            random,
            "Content-Type: application/json\r\n",
            "Content-Type: text/xml; charset=utf-16\r\n",
            "Content-Type: ;;;\r\nContent-Encoding: identity\r\n",
            "Accept: image/png\r\nAccept-Encoding: br\r\n",
            $"Idempotency-Key: fuzz-{random.NextInt64()}\r\n",
            $"Idempotency-Key: \"fuzz-{random.NextInt64()}\"\r\n",
            Preference(random),
            "Expect: 100-continue\r\n",
            "");
        return new(
            random.Next(3) == 0
                ? [.. Head("POST", path + query, $"{headers}Transfer-Encoding: chunked\r\n"), .. Chunked(random, body)]
                : [.. Head("POST", path + query, $"{headers}Content-Length: {body.Length}\r\n"), .. body],
            expected);
    }

    private static string Preference(Random random) => Pick(
        random,
        "Prefer: wait=0\r\n", "Prefer: wait=1\r\n", "prefer: respond-async, WAIT=1\r\n", "Prefer: wait\r\n", "Prefer: wait=-1\r\n",
        "Prefer: wait=99999999999999999999x\r\n", "Prefer: ;;=,,\r\n", "Prefer:\r\n", "Prefer: wait=\"1\"\r\nPrefer: wait=2\r\n",
        $"Prefer: {new string('p', 5_000)}\r\n");

    // Every route with a task's ID in it.
    private static FuzzRequest About(Random random, string id, Expected expected, string? method = null)
    {
        string ifNoneMatch = Pick(random, "", "*", "\"x\"", "W/\"x\"", "x", "\"", ",,,", new string('e', 5_000));
        string headers = Pick(random, "", Preference(random)) + (ifNoneMatch.Length > 0 ? $"If-None-Match: {ifNoneMatch}\r\n" : "");
        string slash = Pick(random, "", "", "/", $"?code={new string('q', 2_000)}", "?x=%");
        method ??= Pick(random, "GET", "GET", "POST", "POST", "POST", "DELETE");
        string path = method switch
        {
            "GET" => Pick(random, "/multiply/", "/tasks/", "/TASKS/", "/multiply/batch/") + id + slash,
            "DELETE" => $"/tasks/{id}{slash}",
            _ => $"/tasks/{id}/{Pick(random, "cancel", "retry", "Retry")}{slash}",
        };
        byte[] body = method == "POST" && random.Next(4) == 0 ? Wrong(random) : [];
        headers += method == "POST" ? $"Content-Length: {body.Length}\r\n" : "";
        return new([.. Head(method, path, headers), .. body], expected);
    }

    private static string OddId(Random random) => Pick(
        random,
        Guid.NewGuid().ToString(), Guid.CreateVersion7().ToString(), "ffffffff-ffff-7fff-bfff-ffffffffffff",
        "00000000-0000-7000-8000-000000000000", "{6ba6be8e-0000-7000-8000-000000000000}", "6ba6be8e000070008000000000000000", "nonsense",
        "%20", "%01", "..%2f..", "%e2%98%83", new string('a', 5_000), "'or'1'eq'1", "%252e", "1)%20or%20(1%20eq%201");

    private static IEnumerable<string> Filters(Random random)
    {
        string[] all =
        [
            $"limit={random.Next(1, 101)}", "status=Pending", "status=succeeded&status=Canceled", "status=Scheduled", "kind=multiply",
            "kind=o'ther", "kind=",
            "created_after=2020-01-01T00:00:00Z", "created_before=2020-01-01T00:00:00Z", "created_before=9999-12-31T23:59:59Z",
            "unknown=%00",
        ];
        return all.Where(filter => random.Next(4) == 0).GroupBy(filter => filter.Split('=')[0]).Select(group => group.First());
    }

    private static string WrongFilter(Random random) => Pick(
        random,
        "limit=0&limit=0", "limit=101", "limit=x", "limit=", "status=", "status=Deleted", "kind=a&kind=b", "created_after=yesterday",
        "created_before=", "cursor=", "cursor=x", $"cursor={new string('0', 48)}", "cursor=a&cursor=b", $"cursor={new string('f', 4_000)}");

    private static byte[] Head(string method, string path, string headers) =>
        Encoding.Latin1.GetBytes($"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");

    private static byte[] Chunked(Random random, byte[] body)
    {
        List<byte> chunks = [];
        while (body.Length > 0)
        {
            byte[] chunk = body[..random.Next(1, Math.Min(body.Length, 20_000) + 1)];
            body = body[chunk.Length..];
            chunks.AddRange([.. Utf8($"{chunk.Length:X}{Pick(random, "", ";name=value")}\r\n"), .. chunk, .. "\r\n"u8]);
        }

        return [.. chunks, .. "0\r\n"u8, .. Pick<byte[]>(random, [], [.. "Trailer: 1\r\n"u8]), .. "\r\n"u8];
    }

    private static FuzzRequest OddKey(Random random)
    {
        string key = Pick(random, "", " ", "a b", new string('k', 256), "\t", "a\r\nIdempotency-Key: b", "\"\"", "\"a b\"");
        byte[] body = Right(random).Body;
        byte[] head = Head("POST", "/multiply", $"Idempotency-Key: {key}\r\nContent-Length: {body.Length}\r\n");
        return new([.. head, .. body], Expected.Problem);
    }

    private static FuzzRequest NoFunction(Random random)
    {
        string method = Pick(random, "PUT", "PATCH", "OPTIONS", "BREW");
        string path = Pick(
            random,
            "/multiply", "/tasks", "/multiply/a/b/c", "/tasks/x/cancel/y", "/api/multiply", "/admin/host/status", "//", "/multiply%2f",
            "/%2e%2e/multiply/x/y/z", "/multiply;x");
        byte[] body = random.Next(2) == 0 ? [] : Wrong(random);
        return new([.. Head(method, path, body.Length == 0 ? "" : $"Content-Length: {body.Length}\r\n"), .. body], Expected.NotFound);
    }

    private static FuzzRequest BrokenHttp(Random random)
    {
        byte[] body = Right(random).Body;
        return new(
            random.Next(10) switch
            {
                0 => Head("POST", "/multiply", $"Content-Length: {Pick(random, "-1", "x", "1 1", "99999999999999999999")}\r\n"),
                1 => [.. Head("POST", "/multiply", $"Content-Length: {body.Length}\r\nContent-Length: {body.Length + 1}\r\n"), .. body],
                2 =>
                [
                    .. Head("POST", "/multiply", "Transfer-Encoding: chunked\r\n"),
                    .. Utf8(Pick(random, "x\r\n", "-1\r\n", "FFFFFFFFFFFFFFFFF\r\n", "5\r\n{}\r\n0\r\n\r\n{}")),
                ],
                3 => Head("GET", "/multiply/x", $"{new string('a', 40_000)}: 1\r\n"),
                4 => Head("GET", "/tasks/x", string.Concat(Enumerable.Range(0, 200).Select(i => $"h{i}: 1\r\n"))),
                5 => Head("GET", "/multiply/" + Pick(random, "%00", new string('a', 20_000)), ""),
                6 => Utf8(Pick(
                    random,
                    "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\r\n\r\n\r\n{}\r\n\r\n", "GET /multiply/x\r\n\r\n",
                    "P\u00d6ST /multiply HTTP/1.1\r\n\r\n")),
                7 => Utf8("POST /multiply HTTP/1.1\r\n"
                    + $"{Pick(random, "", "Host: a\r\nHost: b\r\n", "Host: a b\r\n")}Content-Length: 0\r\n\r\n"),
                8 => Head(
                    "POST",
                    "/multiply",
                    $"{Pick(random, "no colon", " : x", "a b: c", "x: \0", ": empty", "x: caf\u00e9")}\r\nContent-Length: 0\r\n"),
                _ => [.. Noise(random), .. "\r\n\r\n"u8],
            },
            Expected.NotHttp);
    }

    /// <summary>Says that more is to come than does, and waits.</summary>
    private static FuzzRequest StalledBody(Random random)
    {
        byte[] body = Right(random).Body;
        return new([.. Head("POST", "/multiply", $"Content-Length: {body.Length + random.Next(1, 100)}\r\n"), .. body], Expected.NotHttp);
    }

    /// <summary>Leaves at some point of a request that may have been complete.</summary>
    private static FuzzRequest HungUp(Random random)
    {
        byte[] body = Right(random).Body;
        string headers = $"Idempotency-Key: hung-up-{random.NextInt64()}\r\nContent-Length: {body.Length}\r\n";
        byte[] whole = [.. Head("POST", "/multiply", headers), .. body];
        return new(random.Next(3) == 0 ? whole : whole[..random.Next(whole.Length)], Expected.HungUp, Again: whole);
    }
}
