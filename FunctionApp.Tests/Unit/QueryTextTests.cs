using FunctionApp.Tasks;
using Microsoft.AspNetCore.Http;

namespace FunctionApp.Tests.Unit;

/// <summary>Times, numbers and preferences, by their standards: no more and no less.</summary>
public class QueryTextTests
{
    [Theory]
    [InlineData("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.0000000")]
    [InlineData("2026-01-31t12:00:00.5z", "2026-01-31T12:00:00.5000000")]
    [InlineData("2026-01-31T12:00:00.123456789012Z", "2026-01-31T12:00:00.1234567")]
    [InlineData("2026-01-31T12:00:00+02:30", "2026-01-31T09:30:00.0000000")]
    [InlineData("2026-01-31T12:00:00 02:30", "2026-01-31T09:30:00.0000000")] // an unescaped plus
    [InlineData("2026-01-31T12:00:00-23:59", "2026-02-01T11:59:00.0000000")]
    [InlineData("2026-01-31T12:00:00-00:00", "2026-01-31T12:00:00.0000000")]
    [InlineData("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.0000000")]
    [InlineData("2016-12-31T15:59:60.5-08:00", "2017-01-01T00:00:00.5000000")]
    [InlineData("2016-12-31T12:59:60Z", null)] // no leap second is then
    [InlineData("9999-12-31T23:59:60Z", null)]
    [InlineData("0001-01-01T00:00:00+00:01", null)]
    [InlineData("2026-02-29T00:00:00Z", null)]
    [InlineData("2026-01-31T24:00:00Z", null)]
    [InlineData("2026-01-31T12:00:61Z", null)]
    [InlineData("2026-01-31T12:00:00.Z", null)]
    [InlineData("2026-01-31T12:00:00", null)]
    [InlineData("2026-01-31T12:00:00+24:00", null)]
    [InlineData("2026-01-31T12:00:00Z\n", null)]
    [InlineData("٢٠٢٦-01-31T12:00:00Z", null)]
    public void A_time_is_what_RFC_3339_says(string text, string? utc) =>
        Assert.Equal(utc, QueryText.ParseTime(text)?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff"));

    [Theory]
    [InlineData("1e3", 1_000.0)]
    [InlineData("1e+3", 1_000.0)]
    [InlineData("1e 3", 1_000.0)] // an unescaped plus
    [InlineData("1e-7", 1e-7)]
    [InlineData("2.5", 2.5)]
    [InlineData("0", 0.0)]
    [InlineData("3600", 3_600.0)]
    [InlineData("3600.1", null)]
    [InlineData("-1", null)]
    [InlineData("-Infinity", null)]
    [InlineData("Infinity", null)]
    [InlineData("NaN", null)]
    [InlineData("1e999", null)]
    [InlineData(" 1", null)]
    [InlineData("1,000", null)]
    [InlineData("", null)]
    public void A_number_of_seconds_is_in_its_range(string text, double? seconds) =>
        Assert.Equal(seconds, QueryText.ParseSeconds(text, TimeSpan.FromHours(1))?.TotalSeconds);

    [Theory]
    [InlineData("wait=10", 10)]
    [InlineData("respond-async, WAIT = 10", 10)]
    [InlineData("wait=\"10\"", 10)]
    [InlineData("wait=10; foo", 10)]
    [InlineData("wait=10;", 10)]
    [InlineData("foo=\"a, wait=3\"; bar, wait=4", 4)]
    [InlineData("foo bar;=, wait=5", 5)]
    [InlineData("wait=1, wait=2", 1)]
    [InlineData("wait=0", 0)]
    [InlineData("wait=51", 50)]
    [InlineData("wait=99999999999", 50)]
    [InlineData("wait=000000000000000000000000000007", 7)]
    [InlineData("wait=1.5", null)]
    [InlineData("wait=-1", null)]
    [InlineData("wait=soon", null)]
    [InlineData("wait=", null)]
    [InlineData("wait", null)]
    [InlineData("respond-async", null)]
    [InlineData("", null)]
    public void A_wait_is_what_RFC_7240_says_and_at_most_50_seconds(string header, int? seconds) => Assert.Equal(seconds, Wait(header));

    [Fact]
    public void Of_several_headers_the_first_wait_holds() => Assert.Equal(2, Wait("respond-async", "wait=2", "wait=3"));

    private static int? Wait(params string[] headers)
    {
        var http = new DefaultHttpContext();
        http.Request.Headers["Prefer"] = headers;
        return Prefer.Wait(http.Request);
    }
}
