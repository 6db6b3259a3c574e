using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace FunctionApp.Tests.Unit;

public class PublicUrlTests
{
    [Theory]
    [InlineData(null, "https://here.example:8443/api")]
    [InlineData("", "https://here.example:8443/api")]
    [InlineData("https://tasks.example/v1/", "https://tasks.example/v1")]
    public void It_is_the_setting_or_where_the_request_came_to(string? setting, string expected)
    {
        var http = new DefaultHttpContext();
        (http.Request.Scheme, http.Request.Host, http.Request.PathBase) = ("https", new HostString("here.example", 8443), "/api");

        Assert.Equal(expected, Read(setting).Of(http.Request));
    }

    [Theory]
    [InlineData("tasks.example")]
    [InlineData("/api")]
    [InlineData("ftp://tasks.example")]
    [InlineData("https://tasks.example?code=1")]
    public void A_setting_that_is_no_URL_stops_the_start(string setting) =>
        Assert.Contains(setting, Assert.Throws<StartupException>(() => Read(setting)).Message);

    private static PublicUrl Read(string? setting) => new(new ConfigurationBuilder().AddInMemoryCollection([new("PublicUrl", setting)]).Build());
}
