using System.IO.Compression;
using System.Numerics;
using System.Text;

namespace FunctionApp.Tests.Reliability;

/// <summary>Bodies for POST /multiply, right ones and wrong ones, made by chance.</summary>
internal static class FuzzBody
{
    private static readonly string[] Numbers =
        ["1", "-0", "2.3", "1e5", "-1.5E-3", "0.1e+2", new('9', 1_000), $"1e{new string('9', 990)}", "123456789012345678901234567890"];

    private static readonly string[] NotNumbers =
    [
        "null", "true", "\"1\"", "[]", "{}", "NaN", "Infinity", "-Infinity", "01", "1.", ".5", "+1", "1e", "0x10", "1_000", "--1", "",
        new('9', 1_001), $"0.{new string('0', 60_000)}1",
    ];

    /// <summary>A right body; and its result, if both numbers are integers.</summary>
    public static (byte[] Body, string? Result) Right(Random random)
    {
        (string x, string y) = (Pick(random, Numbers), Pick(random, Numbers));
        string first = $"\"x\"{Space(random)}:{Space(random)}{x}";
        string second = $"\"{Pick(random, "y", "\\u0079")}\":{y}";
        string name = Pick(random, "z", "X", "x ", "\\ud83d\\ude00", "");
        string value = Pick(random, "null", "[{\"x\": 1}]", "\"\\u0000\"", new string('[', 40) + new string(']', 40));
        string other = $"\"{name}\": {value}";
        string[] members = random.Next(2) == 0 ? [first, second] : [second, other, first];
        byte[] body = Utf8($"{Space(random)}{{{string.Join($"{Space(random)},", members)}}}{Space(random)}");
        return (
            random.Next(4) == 0 ? [.. Encoding.UTF8.Preamble, .. body] : body,
            BigInteger.TryParse(x, out BigInteger a) && BigInteger.TryParse(y, out BigInteger b) ? $"{a * b}" : null);
    }

    public static byte[] RightBatch(Random random) => Utf8($$"""
        {"items": [{{string.Join(',', Enumerable.Range(0, random.Next(1, 30)).Select(_ => $$"""{"x": {{Pick(random, Numbers)}}, "y": 3}"""))}}]}
        """);

    public static byte[] Wrong(Random random)
    {
        const string good = """{"x": 2.3, "y": 2.0}""";
        string wrong = Pick(random, NotNumbers);
        switch (random.Next(12))
        {
            case 0:
                return Utf8($$"""{"x": {{wrong}}, "y": 1}""");
            case 1:
                return Utf8($$"""{"y": {{wrong}}, "x": {{Pick(random, NotNumbers)}}}""");
            case 2:
                return Utf8(Pick(
                    random,
                    "", "[]", "1", "null", "\"x\"", "{}", """{"x": 1}""", """{"X": 1, "Y": 1}""",
                    """{"\ud83d": 1, "x": 1, "y": 1}""", """{"x": 1, "y": 1, "z": "\udfff"}""",
                    good + good, good + "x", "{" + good + "}"));
            case 3:
                return Utf8($$"""{"x": 1, "x": {{Pick(random, "1", "2", "null")}}, "y": 1}""");
            case 4:
                return Pick(random, Encoding.Unicode, Encoding.BigEndianUnicode, Encoding.UTF32).GetBytes(good);
            case 5:
                return [.. Pick(random, Encoding.Unicode, Encoding.BigEndianUnicode).GetPreamble(), .. Encoding.Unicode.GetBytes(good)];
            case 6:
                byte[] broken = Pick<byte[]>(random, [0xc3, 0x28], [0xff], [0xed, 0xa0, 0x80], [0xf0, 0x9f]);
                return [.. """{"z": " """u8, .. broken, .. """ ", "x": 1, "y": 2}"""u8];
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
                return [(byte)'!', .. Noise(random)];
        }
    }

    public static byte[] Noise(Random random)
    {
        byte[] noise = new byte[random.Next(10, 2_000)];
        random.NextBytes(noise);
        return noise;
    }

    public static T Pick<T>(Random random, params ReadOnlySpan<T> choices) => choices[random.Next(choices.Length)];

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string Space(Random random) => Pick(random, "", " ", "\n\t", "\r\n    ");

    private static byte[] Gzip(byte[] body)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
        {
            gzip.Write(body);
        }

        return compressed.ToArray();
    }
}
