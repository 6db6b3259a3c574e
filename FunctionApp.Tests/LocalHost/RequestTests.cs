using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace FunctionApp.Tests.LocalHost;

/// <summary>What the host does with requests before, or instead of, giving them to a function: as the Functions host does.</summary>
[Collection<SqliteHostCollection>]
public sealed class RequestTests(SqliteHost host)
{
    private HttpClient Http => host.Host.Http;

    [Fact]
    public async Task A_function_is_called_when_the_whole_body_is_there()
    {
        string before = await Http.GetStringAsync("/api/received");
        using var client = new TcpClient(Http.BaseAddress!.Host, Http.BaseAddress.Port);
        using NetworkStream stream = client.GetStream();
        await stream.WriteAsync("POST /api/receive HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 8\r\n\r\nhalf"u8.ToArray());
        Assert.Equal(before, await Http.GetStringAsync("/api/received"));

        await stream.WriteAsync("more"u8.ToArray());

        using var reader = new StreamReader(stream);
        string answer = await reader.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 200", answer);
        Assert.Contains("8 8", answer);
    }

    [Theory]
    [InlineData(true, "20000000 20000000")]
    [InlineData(false, " 20000000")]
    public async Task A_large_body_arrives_whole_with_its_length_if_it_had_one(bool hasLength, string expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/receive") { Content = new ByteArrayContent(new byte[20_000_000]) };
        request.Headers.TransferEncodingChunked = !hasLength;
        using HttpResponseMessage answer = await Http.SendAsync(request);

        Assert.Equal(expected, await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_body_above_the_limit_of_the_Functions_host_is_a_413()
    {
        string answer = await SendAsync($"Content-Length: {(100 << 20) + 1}\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 413", answer);
        Assert.Contains("application/problem+json", answer);
    }

    [Fact]
    public async Task A_body_that_stalls_is_a_408()
    {
        string answer = await SendAsync("Content-Length: 8\r\n\r\nhalf");

        Assert.StartsWith("HTTP/1.1 408", answer);
        Assert.Contains("application/problem+json", answer);
    }

    [Theory]
    [InlineData("/api/bind/7?color=red&color=green&code=secret", """{"id": 1, "color": "blue", "size": 4, "other": [1]}""", "7 green 4  True")]
    [InlineData("/api/bind/7?size=2", """{"size": {"width": 1}}""", "7  2  True")]
    [InlineData("/api/bind/7", "[1]", "7    True")]
    [InlineData("/api/bind/7", "{nonsense}", "7    True")]
    public async Task Parameters_are_bound_to_the_route_the_query_and_the_body(string path, string body, string expected)
    {
        using HttpResponseMessage answer = await Http.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.StartsWith(expected, await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("evil.example", null, HttpStatusCode.BadRequest)]
    [InlineData("localhost", null, HttpStatusCode.OK)]
    [InlineData("[::1]:7071", null, HttpStatusCode.OK)]
    [InlineData("127.0.0.1", "http://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.1", "null", HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.1", "http://127.0.0.1.evil.example", HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.1", "http://localhost:3000", HttpStatusCode.OK)]
    public async Task Pages_of_other_sites_are_refused(string name, string? origin, HttpStatusCode expected)
    {
        foreach (string path in new[] { "/api/received", "/admin/host/status", "/runtime/webhooks/durabletask/instances" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Host = name;
            if (origin is not null)
            {
                request.Headers.Add("Origin", origin);
            }

            using HttpResponseMessage answer = await Http.SendAsync(request);
            Assert.Equal(expected, answer.StatusCode);
        }
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    [InlineData("POST")]
    [InlineData("OPTIONS")]
    public async Task Without_a_function_the_root_is_the_hosts(string method)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/");
        using HttpResponseMessage answer = await Http.SendAsync(request);

        Assert.Equal((HttpStatusCode.OK, "text/html"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
    }

    [Fact]
    public async Task It_tells_its_state_and_its_functions()
    {
        Assert.Equal(HttpStatusCode.OK, (await Http.GetAsync("/admin/host/ping")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Http.PostAsync("/admin/host/ping", null)).StatusCode);
        Assert.Equal("Running", (await Http.GetJsonAsync("/admin/host/status")).GetProperty("state").GetString());

        JsonElement[] functions = [.. (await Http.GetJsonAsync("/admin/functions")).EnumerateArray()];
        JsonElement bind = Assert.Single(functions, function => function.GetProperty("name").GetString() == "Bind");
        Assert.Equal($"{Http.BaseAddress}api/bind/{{id}}", bind.GetProperty("invoke_url_template").GetString());
        Assert.Equal("httpTrigger", bind.GetProperty("config").GetProperty("bindings")[0].GetProperty("type").GetString());
        Assert.False(bind.GetProperty("isDisabled").GetBoolean());
        Assert.Equal("Bind", (await Http.GetJsonAsync("/admin/functions/bind")).GetProperty("name").GetString());
        Assert.Equal(HttpStatusCode.NotFound, (await Http.GetAsync("/admin/functions/nobody")).StatusCode);
    }

    private async Task<string> SendAsync(string rest)
    {
        using var client = new TcpClient(Http.BaseAddress!.Host, Http.BaseAddress.Port);
        using NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /api/receive HTTP/1.1\r\nHost: localhost\r\n{rest}"));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }
}
