using System.Collections.Concurrent;
using System.Net;
using System.Numerics;
using System.Text;
using System.Text.Json;
using CsCheck;
using FunctionApp.Tests.Unit;

namespace FunctionApp.Tests.Api;

/// <summary>Many tasks at once, each with its own right result.</summary>
public abstract class NumbersTests(ApiHost api)
{
    [Fact]
    public Task Of_100_concurrent_tasks_each_has_its_own_result() => AssertProductsAsync(
        Enumerable.Range(1, 100).Select(n => ($"{n}", $"{n + 1}", $"{n * (n + 1)}")));

    [Fact]
    public Task Integers_of_any_size_multiply_exactly() => AssertProductsAsync(
        Samples(Gen.Select(NumberGen.Integer, NumberGen.Integer)).Select(pair => (pair.Item1, pair.Item2, NumberGen.Product(
            BigInteger.Parse(pair.Item1), BigInteger.Parse(pair.Item2)))));

    [Fact]
    public Task Doubles_multiply_as_IEEE_754_says() => AssertProductsAsync(
        Samples(Gen.Select(NumberGen.Double, NumberGen.Double).Where((x, y) => double.IsFinite(x * y)))
            .Select(pair => (NumberGen.Text(pair.Item1), NumberGen.Text(pair.Item2), NumberGen.Text(pair.Item1 * pair.Item2))));

    [Fact]
    public async Task No_malformed_body_is_answered_outside_4xx()
    {
        byte[] valid = """{"x": 2.3, "y": 2.0}"""u8.ToArray();
        Gen<byte[]> mutated =
            from position in Gen.Int[0, valid.Length - 1]
            from replacement in Gen.OneOf(Gen.Byte.Array[0, 3], Gen.Int[0, 4].Select(n => new[] { Nasty[n] }))
            select (byte[])[.. valid[..position], .. replacement, .. valid[(position + 1)..]];
        List<byte[]> bodies =
        [
            .. Samples(mutated, 400).Where(body => !IsTask(body)),
            Encoding.Unicode.GetBytes("""{"x": 1, "y": 2}"""),
            [.. """{"z": " """u8, 0xc3, 0x28, .. """ ", "x": 1, "y": 2}"""u8],
            Encoding.UTF8.GetBytes(new string('[', 60_000)),
            Encoding.UTF8.GetBytes($$"""{"z": {{new string('[', 30_000)}}{{new string(']', 30_000)}}, "x": 1, "y": 2}"""),
            """{"\ud800": 1, "x": "\udfff"}"""u8.ToArray(),
        ];

        Assert.True(bodies.Count >= 200, $"only {bodies.Count} bodies are malformed");
        await Parallel.ForEachAsync(bodies, async (body, cancellation) =>
        {
            using var content = new ByteArrayContent(body);
            using HttpResponseMessage response = await api.Http.PostAsync("/multiply", content, cancellation);
            Assert.True(
                response.StatusCode == HttpStatusCode.BadRequest, $"{response.StatusCode} for {Encoding.UTF8.GetString(body)}");
            await ProblemAssert.IsAsync(HttpStatusCode.BadRequest, response);
        });
    }

    private static readonly byte[] Nasty = [(byte)'{', (byte)'"', (byte)'e', 0xff, 0];

    // A mutation may be a task all the same.
    private static bool IsTask(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("x", out JsonElement x) && x.ValueKind == JsonValueKind.Number
                && json.RootElement.TryGetProperty("y", out JsonElement y) && y.ValueKind == JsonValueKind.Number;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static List<T> Samples<T>(Gen<T> gen, int count = 30)
    {
        List<T> samples = [];
        gen.Sample(samples.Add, iter: count, threads: 1);
        return samples;
    }

    // Many tasks at once, but no more requests than a small machine's Azurite answers in time.
    private async Task AssertProductsAsync(IEnumerable<(string X, string Y, string Product)> cases)
    {
        ConcurrentBag<(string TaskId, string Product)> submitted = [];
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (task, _) =>
            submitted.Add((await api.Http.SubmitAsync(task.X, task.Y), task.Product)));
        await Parallel.ForEachAsync(submitted, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (task, _) =>
            Assert.Equal(task.Product, await api.Http.WaitForResultAsync(task.TaskId)));
    }
}
