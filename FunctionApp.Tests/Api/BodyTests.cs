using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FunctionApp.Tests.Api;

/// <summary>Bodies that take their time, or are far too large.</summary>
[Collection<FastCollection>]
public sealed class BodyTests(FastApi api)
{
    private const string Pair = """{"x": 6, "y": 7}""";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_may_take_as_long_as_it_is_large(bool chunked)
    {
        using HttpResponseMessage response = await SendAsync("/multiply", Encoding.UTF8.GetBytes(Pair.PadRight(60_000)), 10_000, TimeSpan.FromSeconds(1), chunked);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    [Theory]
    [InlineData("/multiply")]
    [InlineData("/multiply/batch")]
    public async Task A_body_of_31_MB_in_chunks_is_413_as_any_that_is_too_large(string path)
    {
        using HttpResponseMessage response = await SendAsync(path, new byte[31_000_000], 1_000_000, TimeSpan.FromMilliseconds(20), chunked: true);

        await ProblemAssert.IsAsync(HttpStatusCode.RequestEntityTooLarge, response);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_sender_that_stalls_is_told_so_within_10_seconds(bool chunked)
    {
        using var socket = new TcpClient();
        Uri address = api.Http.BaseAddress!;
        await socket.ConnectAsync(address.Host, address.Port);
        await using NetworkStream stream = socket.GetStream();
        string length = chunked ? "Transfer-Encoding: chunked" : "Content-Length: 100";
        string start = chunked ? "5\r\n{\"x\":\r\n" : "{\"x\":";
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /multiply HTTP/1.1\r\nHost: {address.Authority}\r\n{length}\r\n\r\n{start}"));

        long begin = Stopwatch.GetTimestamp();
        byte[] buffer = new byte[4_096];
        int read = await stream.ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        string answer = Encoding.UTF8.GetString(buffer, 0, read);

        Assert.StartsWith("HTTP/1.1 408", answer);
        Assert.InRange(Stopwatch.GetElapsedTime(begin), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(10));
    }

    private async Task<HttpResponseMessage> SendAsync(string path, byte[] body, int piece, TimeSpan pause, bool chunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new PacedContent(body, piece, pause, chunked) };
        return await api.Http.SendAsync(request);
    }

    /// <summary>Some bytes at a time.</summary>
    private sealed class PacedContent(byte[] body, int piece, TimeSpan pause, bool chunked) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            foreach (byte[] part in body.Chunk(piece))
            {
                await stream.WriteAsync(part);
                await stream.FlushAsync();
                await Task.Delay(pause);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return !chunked;
        }
    }
}
