using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using FunctionApp.Tests.Api;
using FunctionApp.Web;

namespace FunctionApp.Tests.Web;

/// <summary>How the page's files are served.</summary>
[Collection<PageCollection>]
public sealed partial class WebFilesTests(SlowApi api)
{
    [Theory]
    [InlineData("/")]
    [InlineData("/docs")]
    public async Task A_page_is_served_under_a_strict_policy(string path)
    {
        using HttpResponseMessage page = await api.Http.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal("text/html", page.Content.Headers.ContentType!.MediaType);
        string policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
        Assert.Equal(
            ["base-uri 'none'", "connect-src 'self'", "default-src 'none'", "form-action 'none'", "frame-ancestors 'none'", "img-src 'self' data:", "script-src 'self'", "style-src 'self'"],
            policy.Split("; ").Order());
        Assert.Equal("nosniff", Assert.Single(page.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-referrer", Assert.Single(page.Headers.GetValues("Referrer-Policy")));
        Assert.True(page.Headers.CacheControl!.NoCache);
        Assert.DoesNotMatch(Inline(), await page.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/docs")]
    [InlineData("/openapi.json")]
    public async Task What_is_known_is_not_sent_again(string path)
    {
        using HttpResponseMessage first = await api.Http.GetAsync(path);
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using HttpResponseMessage again = await api.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        Assert.Equal(first.Headers.ETag, again.Headers.ETag);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/docs")]
    public async Task Every_file_that_a_page_names_is_there_and_kept_by_browsers(string page)
    {
        string html = await api.Http.GetStringAsync(page);
        string[] paths = [.. AssetPath().Matches(html).Select(match => match.Value).Distinct()];
        Assert.Contains(paths, path => path.EndsWith(".js"));
        foreach (string path in paths)
        {
            using HttpResponseMessage file = await api.Http.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, file.StatusCode);
            Assert.Equal("public, max-age=31536000, immutable", file.Headers.CacheControl!.ToString());
            string text = await file.Content.ReadAsStringAsync();
            // A module imports others of its version only, and the page has told the browser of them before.
            Assert.All(Import().Matches(text), import => Assert.Contains(paths, known => known.EndsWith(import.Groups[1].Value)));
        }
    }

    [Fact]
    public async Task A_slash_at_the_end_leads_to_the_reference()
    {
        using HttpResponseMessage answer = await api.Http.GetAsync("/docs/");
        Assert.Equal((HttpStatusCode.Found, "../docs"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
    }

    [Fact]
    public async Task A_file_of_another_version_is_not_kept_and_a_missing_one_is_a_problem()
    {
        using HttpResponseMessage other = await api.Http.GetAsync("/assets/0123456789abcdef/style.css");
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        Assert.True(other.Headers.CacheControl!.NoStore);

        // It is a page too, to whoever opens it.
        using HttpResponseMessage page = await api.Http.GetAsync("/assets/0123456789abcdef/index.html");
        Assert.StartsWith("default-src 'none'", Assert.Single(page.Headers.GetValues("Content-Security-Policy")));

        using HttpResponseMessage missing = await api.Http.GetAsync("/assets/0123456789abcdef/nothing.css");
        await ProblemAssert.IsAsync(HttpStatusCode.NotFound, missing);
    }

    [Fact]
    public async Task The_description_is_the_one_that_is_tested() =>
        Assert.True(JsonElement.DeepEquals(
            JsonElement.Parse(await api.Http.GetStringAsync("/openapi.json")),
            JsonElement.Parse(OpenApi.Document.ToJsonString().Replace(WebFiles.FutureExample, $"{DateTime.UtcNow.AddDays(1):yyyy-MM-dd}"))));

    [GeneratedRegex(@"assets/[0-9a-f]{16}/[a-z.]+")]
    private static partial Regex AssetPath();

    [GeneratedRegex(@"from '\.(/[a-z]+\.js)'")]
    private static partial Regex Import();

    // An inline script, style or handler, which the policy would keep from working.
    [GeneratedRegex(@"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=", RegexOptions.IgnoreCase)]
    private static partial Regex Inline();
}
