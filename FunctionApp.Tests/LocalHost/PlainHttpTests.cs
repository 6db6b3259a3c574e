using System.Net;
using System.Text;
using FunctionApp.LocalHost;

namespace FunctionApp.Tests.LocalHost;

/// <summary>The worker's own HTTP types, in an app with ASP.NET Core and in one without.</summary>
[Collection<DurabilityCollection>]
public sealed class PlainHttpTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("true")]
    public async Task A_function_gets_the_request_and_its_answer_arrives(string? withoutAspNetCore)
    {
        var settings = new Dictionary<string, string?> { ["TickSchedule"] = "0 0 0 29 2 *", ["WithoutAspNetCore"] = withoutAspNetCore };
        await using LocalFunctionHost host = await LocalFunctionHost.StartAsync(settings, appFolder: DurableHost.AppFolder);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/plain/7?color=red&size=")
        {
            Content = new StringContent("straße", Encoding.UTF8),
            Headers = { { "X-Sent", "a" }, { "Cookie", "b=c; d=e" } },
        };

        using HttpResponseMessage answer = await host.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal("POST /api/plain/7?color=red&size= 7 red 2 straße", await answer.Content.ReadAsStringAsync());
        Assert.Equal("a", Assert.Single(answer.Headers.GetValues("X-Seen")));
        Assert.Equal("taste=sweet; max-age=60; path=/api; samesite=lax; httponly", Assert.Single(answer.Headers.GetValues("Set-Cookie")));

        using HttpResponseMessage outputs = await host.Http.GetAsync("/api/plainoutputs");
        Assert.Equal(HttpStatusCode.Conflict, outputs.StatusCode);
    }

    [Fact]
    public async Task Without_ASP_NET_Core_a_value_is_the_body_nothing_is_204_and_an_exception_an_empty_500()
    {
        var settings = new Dictionary<string, string?> { ["TickSchedule"] = "0 0 0 29 2 *", ["WithoutAspNetCore"] = "true" };
        await using LocalFunctionHost host = await LocalFunctionHost.StartAsync(settings, appFolder: DurableHost.AppFolder);

        using HttpResponseMessage value = await host.Http.GetAsync("/api/plainvalue");
        Assert.Equal((HttpStatusCode.OK, "application/json"), (value.StatusCode, value.Content.Headers.ContentType?.MediaType));
        Assert.Equal("""{"Method":"GET"}""", await value.Content.ReadAsStringAsync(), ignoreCase: true);
        using HttpResponseMessage nothing = await host.Http.GetAsync("/api/plainnothing");
        Assert.Equal(HttpStatusCode.NoContent, nothing.StatusCode);
        using HttpResponseMessage failed = await host.Http.GetAsync("/api/throw");
        Assert.Equal((HttpStatusCode.InternalServerError, ""), (failed.StatusCode, await failed.Content.ReadAsStringAsync()));
    }
}
