using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace FunctionApp.Tests.Unit;

public class PathPrefixTests
{
    [Theory]
    [InlineData(null, "/api", "/api")]
    [InlineData("/set", "/api", "/api")]
    [InlineData("/set/", null, "/set")]
    [InlineData("/set", "nonsense", "/set")]
    [InlineData(null, "/v1/api/", "/v1/api")]
    [InlineData(null, "//example.org", "")] // would lead to another host
    [InlineData(null, "/a b", "")]
    [InlineData(null, "/a\r\nb", "")]
    [InlineData(null, null, "")]
    public void It_is_what_the_proxy_says_or_the_setting(string? setting, string? header, string expected)
    {
        var http = new DefaultHttpContext();
        http.Request.Headers["X-Forwarded-Prefix"] = header;
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection([new("PathPrefix", setting)]).Build();

        Assert.Equal(expected, $"{new PathPrefix(configuration).Of(http.Request)}");
    }
}
