using System.Net;
using System.Text;
using DurableLocalHost;

namespace FunctionApp.Tests.LocalHost;

/// <summary>An app that does without ASP.NET Core.</summary>
public sealed class PlainHttpHost() : DurableHost(StorageProvider.Sqlite, inProcess: false, settings: ("WithoutAspNetCore", "true"));

/// <summary>The worker's own HTTP types, in an app without ASP.NET Core.</summary>
public sealed class PlainHttpTests(PlainHttpHost host) : IClassFixture<PlainHttpHost>
{
    [Fact]
    public Task A_function_gets_the_request_and_its_answer_arrives() => SendAsync(host.Host.Http);

    [Fact]
    public async Task A_value_is_the_body_nothing_is_204_and_an_exception_an_empty_500()
    {
        using HttpResponseMessage value = await host.Host.Http.GetAsync("/api/plainvalue");
        Assert.Equal((HttpStatusCode.OK, "application/json"), (value.StatusCode, value.Content.Headers.ContentType?.MediaType));
        Assert.Equal("""{"Method":"GET"}""", await value.Content.ReadAsStringAsync(), ignoreCase: true);
        using HttpResponseMessage nothing = await host.Host.Http.GetAsync("/api/plainnothing");
        Assert.Equal(HttpStatusCode.NoContent, nothing.StatusCode);
        using HttpResponseMessage failed = await host.Host.Http.GetAsync("/api/throw");
        Assert.Equal((HttpStatusCode.InternalServerError, ""), (failed.StatusCode, await failed.Content.ReadAsStringAsync()));
    }

    internal static async Task SendAsync(HttpClient http)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/plain/7?color=red&size=")
        {
            Content = new StringContent("straße", Encoding.UTF8),
            Headers = { { "X-Sent", "a" }, { "Cookie", "b=c; d=e" } },
        };

        using HttpResponseMessage answer = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal("POST /api/plain/7?color=red&size= 7 red 2 straße", await answer.Content.ReadAsStringAsync());
        Assert.Equal("a", Assert.Single(answer.Headers.GetValues("X-Seen")));
        Assert.Equal("taste=sweet; max-age=60; path=/api; samesite=lax; httponly", Assert.Single(answer.Headers.GetValues("Set-Cookie")));

        using HttpResponseMessage outputs = await http.GetAsync("/api/plainoutputs");
        Assert.Equal(HttpStatusCode.Conflict, outputs.StatusCode);
    }
}
