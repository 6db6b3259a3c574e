using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace FunctionApp.Tests.Emulator;

/// <summary>What must come of a request.</summary>
internal enum Expected
{
    /// <summary>202: it is a task.</summary>
    Accepted,

    /// <summary>A 4xx with problem details.</summary>
    Problem,

    /// <summary>404: an empty one where no function is, as the Functions host has it, or else problem details.</summary>
    NotFound,

    /// <summary>It breaks HTTP or the server's limits, so no function sees it: a bare 4xx, or the connection closes.</summary>
    NotHttp,

    /// <summary>The client leaves before the answer: whether it was accepted, only its idempotency key tells.</summary>
    HungUp,
}

/// <summary>One request as bytes, made from a seed.</summary>
internal sealed record FuzzRequest(byte[] Bytes, Expected Expected, string? IdempotencyKey)
{
    private static readonly string[] Numbers =
        ["1", "-0", "2.3", "1e5", "-1.5E-3", "0.1e+2", new('9', 1_000), $"1e{new string('9', 990)}", "123456789012345678901234567890"];

    private static readonly string[] NotNumbers =
    [
        "null", "true", "\"1\"", "[]", "{}", "NaN", "Infinity", "-Infinity", "01", "1.", ".5", "+1", "1e", "0x10", "1_000", "--1", "",
        new('9', 1_001), $"0.{new string('0', 60_000)}1",
    ];

    public static FuzzRequest Create(int seed)
    {
        // Neighbouring seeds give Random neighbouring first values, so that choices would go together.
        var random = new Random(BitConverter.ToInt32(SHA256.HashData(BitConverter.GetBytes(seed))));
        return random.Next(100) switch
        {
            < 20 => Post(random, Task(random), Expected.Accepted),
            < 50 => Post(random, WrongBody(random), Expected.Problem),
            < 55 => OddKey(random),
            < 65 => Get(random),
            < 75 => NoFunction(random),
            < 85 => BrokenHttp(random),
            < 86 => Stalled(random),
            _ => HungUp(random),
        };
    }

    private static T Pick<T>(Random random, params ReadOnlySpan<T> choices) => choices[random.Next(choices.Length)];

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Task(Random random)
    {
        string x = $"\"x\"{Space(random)}:{Space(random)}{Pick<string>(random, Numbers)}";
        string y = $"\"{Pick(random, "y", "\\u0079")}\":{Pick<string>(random, Numbers)}";
        string other = $"\"{Pick(random, "z", "X", "x ", "\\ud83d\\ude00", "")}\": {Pick(random, "null", "[{\"x\": 1}]", "\"\\u0000\"", new string('[', 40) + new string(']', 40))}";
        string[] members = random.Next(2) == 0 ? [x, y] : [y, other, x];
        byte[] body = Utf8($"{Space(random)}{{{string.Join($"{Space(random)},", members)}}}{Space(random)}");
        return random.Next(4) == 0 ? [.. Encoding.UTF8.Preamble, .. body] : body;
    }

    private static string Space(Random random) => Pick(random, "", " ", "\n\t", "\r\n    ");

    private static byte[] WrongBody(Random random)
    {
        const string good = """{"x": 2.3, "y": 2.0}""";
        string wrong = Pick<string>(random, NotNumbers);
        switch (random.Next(12))
        {
            case 0:
                return Utf8($$"""{"x": {{wrong}}, "y": 1}""");
            case 1:
                return Utf8($$"""{"y": {{wrong}}, "x": {{Pick<string>(random, NotNumbers)}}}""");
            case 2:
                return Utf8(Pick(random, "", "[]", "1", "null", "\"x\"", "{}", """{"x": 1}""", """{"X": 1, "Y": 1}""", good + good, good + "x", "{" + good + "}"));
            case 3:
                return Utf8($$"""{"x": 1, "x": {{Pick(random, "1", "2", "null")}}, "y": 1}""");
            case 4:
                return Pick(random, Encoding.Unicode, Encoding.BigEndianUnicode, Encoding.UTF32).GetBytes(good);
            case 5:
                return [.. Pick(random, Encoding.Unicode, Encoding.BigEndianUnicode).GetPreamble(), .. Encoding.Unicode.GetBytes(good)];
            case 6:
                return [.. """{"z": " """u8, .. Pick<byte[]>(random, [0xc3, 0x28], [0xff], [0xed, 0xa0, 0x80], [0xf0, 0x9f]), .. """ ", "x": 1, "y": 2}"""u8];
            case 7:
                return Gzip(Utf8(good));
            case 8:
                int depth = random.Next(65, 30_000);
                return Utf8(Pick(
                    random,
                    new string('[', depth),
                    $$"""{"z": {{new string('[', depth)}}{{new string(']', depth)}}, "x": 1, "y": 2}""",
                    string.Concat(Enumerable.Repeat("{\"x\":", depth / 5))));
            case 9:
                return Utf8(good.PadRight(random.Next(65_537, 200_000)));
            case 10:
                return Utf8(good[..random.Next(good.Length)]);
            default:
                byte[] noise = new byte[random.Next(1, 500)];
                random.NextBytes(noise);
                return [(byte)'!', .. noise];
        }
    }

    private static byte[] Gzip(byte[] body)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
        {
            gzip.Write(body);
        }

        return compressed.ToArray();
    }

    private static FuzzRequest Post(Random random, byte[] body, Expected expected)
    {
        string path = Pick(random, "/multiply", "/Multiply", "/multiply/", "/%6Dultiply", "/multiply?x=1&x=2", "/MULTIPLY?%00");
        string headers = Pick(
            random,
            "Content-Type: application/json\r\n",
            "Content-Type: text/xml; charset=utf-16\r\n",
            "Content-Type: ;;;\r\nContent-Encoding: gzip\r\n",
            "Accept: image/png\r\nAccept-Encoding: br\r\n",
            "X-Long: " + new string('a', random.Next(10_000)) + "\r\n",
            "Expect: 100-continue\r\n",
            "");
        return new(
            random.Next(3) == 0
                ? [.. Head("POST", path, $"{headers}Transfer-Encoding: chunked\r\n"), .. Chunked(random, body)]
                : [.. Head("POST", path, $"{headers}Content-Length: {body.Length}\r\n"), .. body],
            expected,
            null);
    }

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
        string key = Pick(random, "", " ", "a b", new string('k', 256), "\t", "a\r\nIdempotency-Key: b");
        byte[] body = Task(random);
        return new([.. Head("POST", "/multiply", $"Idempotency-Key: {key}\r\nContent-Length: {body.Length}\r\n"), .. body], Expected.Problem, null);
    }

    private static FuzzRequest Get(Random random)
    {
        string id = Pick(
            random,
            Guid.NewGuid().ToString(), "nonsense", "%20", "%01", "..%2f..", "%e2%98%83", new string('a', 5_000), "{6ba6be8e-0000-4000-8000-000000000000}",
            "6ba6be8e000040008000000000000000", "'or'1'eq'1", "%252e", "1)%20or%20(1%20eq%201");
        return new(Head("GET", $"/multiply/{id}{Pick(random, "", "/", "?x=%", "?" + new string('q', 2_000))}", ""), Expected.Problem, null);
    }

    private static FuzzRequest NoFunction(Random random)
    {
        string method = Pick(random, "GET", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "BREW", "post");
        string path = Pick(random, "/", "/multiply/a/b", "/api/multiply", "/admin/host/status", "/runtime/webhooks/durabletask", "//", "/multiply%2f", "/%2e%2e/multiply/x/y", "/multiply;x");
        byte[] body = random.Next(2) == 0 ? [] : WrongBody(random);
        return new([.. Head(method, path, body.Length == 0 ? "" : $"Content-Length: {body.Length}\r\n"), .. body], Expected.NotFound, null);
    }

    private static FuzzRequest BrokenHttp(Random random)
    {
        byte[] body = Task(random);
        return new(
            random.Next(10) switch
            {
                0 => Head("POST", "/multiply", $"Content-Length: {Pick(random, "-1", "x", "1 1", "99999999999999999999")}\r\n"),
                1 => [.. Head("POST", "/multiply", $"Content-Length: {body.Length}\r\nContent-Length: {body.Length + 1}\r\n"), .. body],
                2 => [.. Head("POST", "/multiply", "Transfer-Encoding: chunked\r\n"), .. Utf8(Pick(random, "x\r\n", "-1\r\n", "FFFFFFFFFFFFFFFFF\r\n", "5\r\n{}\r\n0\r\n\r\n{}"))],
                3 => Head("GET", "/multiply/x", $"{new string('a', 40_000)}: 1\r\n"),
                4 => Head("GET", "/multiply/x", string.Concat(Enumerable.Range(0, 200).Select(i => $"h{i}: 1\r\n"))),
                5 => Head("GET", "/multiply/" + Pick(random, "%00", new string('a', 20_000)), ""),
                6 => Utf8(Pick(random, "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\r\n\r\n\r\n{}\r\n\r\n", "GET /multiply/x\r\n\r\n", "P\u00d6ST /multiply HTTP/1.1\r\n\r\n")),
                7 => Utf8($"POST /multiply HTTP/1.1\r\n{Pick(random, "", "Host: a\r\nHost: b\r\n", "Host: a b\r\n")}Content-Length: 0\r\n\r\n"),
                8 => Head("POST", "/multiply", $"{Pick(random, "no colon", " : x", "a b: c", "x: \0", ": empty", "x: caf\u00e9")}\r\nContent-Length: 0\r\n"),
                _ => Noise(random),
            },
            Expected.NotHttp,
            null);
    }

    private static byte[] Noise(Random random)
    {
        byte[] noise = new byte[random.Next(10, 2_000)];
        random.NextBytes(noise);
        return [.. noise, .. "\r\n\r\n"u8];
    }

    /// <summary>Says that more is to come than does, and waits.</summary>
    private static FuzzRequest Stalled(Random random)
    {
        byte[] body = Task(random);
        byte[] head = Head("POST", "/multiply", $"Content-Length: {body.Length + random.Next(1, 100)}\r\n");
        return random.Next(2) == 0
            ? new([.. head, .. body], Expected.Problem, null)
            : new(head[..random.Next(1, head.Length)], Expected.NotHttp, null);
    }

    /// <summary>Leaves at some point of a request that may have been complete.</summary>
    private static FuzzRequest HungUp(Random random)
    {
        string key = $"hung-up-{random.NextInt64()}";
        byte[] body = Task(random);
        byte[] whole = [.. Head("POST", "/multiply", $"Idempotency-Key: {key}\r\nContent-Length: {body.Length}\r\n"), .. body];
        return new(random.Next(3) == 0 ? whole : whole[..random.Next(whole.Length)], Expected.HungUp, key);
    }
}
