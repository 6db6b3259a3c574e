using System.Net;

namespace FunctionApp.Tests.LocalHost;

/// <summary>Functions beside ASP.NET Core: with the worker's own HTTP types, and those that fail without an answer, or in the middle of one.</summary>
[Collection<SqliteHostCollection>]
public sealed class HttpTriggerTests(SqliteHost host)
{
    [Fact]
    public Task One_of_the_workers_own_HTTP_types_gets_the_request_and_its_answer_arrives() => PlainHttpTests.SendAsync(host.Host.Http);

    [Fact]
    public async Task One_that_throws_is_an_empty_500()
    {
        using HttpResponseMessage answer = await host.Host.Http.GetAsync("/api/throw");

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task An_answer_that_breaks_off_does_not_look_whole()
    {
        using HttpResponseMessage answer = await host.Host.Http.GetAsync("/api/break", HttpCompletionOption.ResponseHeadersRead);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await Assert.ThrowsAsync<HttpRequestException>(() => answer.Content.ReadAsStringAsync());
    }
}
