using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using DurableLocalHost;
using FunctionApp.Tests.Api;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace FunctionApp.Tests.Web;

/// <summary>An app that a proxy shows under a path of its own.</summary>
public sealed class ProxiedApi() : ApiHost(
    StorageProvider.Sqlite, TimeSpan.FromSeconds(4), settings: new Dictionary<string, string?> { ["PathPrefix"] = "/api" });

/// <summary>The page and the API behind a real proxy.</summary>
[Collection<ProxyCollection>]
public sealed class ProxyTests(ProxiedApi api, Chromium chromium) : IAsyncLifetime
{
    private Nginx? _nginx;

    [CollectionDefinition(DisableParallelization = true)]
    public sealed class ProxyCollection : ICollectionFixture<ProxiedApi>;

    public async ValueTask InitializeAsync() => _nginx = await Nginx.StartAsync(api.Own.Http.BaseAddress!);

    public async ValueTask DisposeAsync()
    {
        if (_nginx is not null)
        {
            await _nginx.DisposeAsync();
        }
    }

    [Fact]
    public async Task Every_path_in_an_answer_leads_through_the_proxy()
    {
        using var http = new HttpClient { BaseAddress = _nginx!.Address };
        using var body = new StringContent("""{"x": 2.3, "y": 2}""", Encoding.UTF8);
        using HttpResponseMessage accepted = await http.PostAsync("multiply?delay=600", body);
        string taskId = await accepted.ReadTaskIdAsync();

        Assert.Equal($"/api/multiply/{taskId}", accepted.Headers.Location!.OriginalString);
        JsonElement task = await http.GetJsonAsync(Assert.Single(accepted.Headers.GetValues("Operation-Location")));
        JsonElement links = task.GetProperty("links");
        using HttpResponseMessage canceled = await http.PostAsync(links.GetProperty("cancel").GetString(), content: null);
        using HttpResponseMessage retried = await http.PostAsync(links.GetProperty("retry").GetString() + "?delay=600", content: null);
        using HttpResponseMessage result = await http.GetAsync(links.GetProperty("result").GetString());
        List<JsonElement> pages = await http.ReadPagesAsync("tasks?limit=1");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Accepted), (canceled.StatusCode, retried.StatusCode));
        Assert.Equal(links.GetRawText(), (await canceled.ReadJsonAsync()).GetProperty("links").GetRawText());
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Canceled", result);
        Assert.True(pages.Count > 1);
        string server = (await http.GetJsonAsync("openapi.json")).GetProperty("servers")[0].GetProperty("url").GetString()!;
        Assert.Equal(_nginx.Address, new Uri(new Uri(_nginx.Address, "openapi.json"), server));
    }

    [Fact]
    public async Task The_page_works_as_it_does_without()
    {
        await using IBrowserContext window = await chromium.OpenAsync(new BrowserNewContextOptions { Locale = "en-GB" });
        IPage page = await window.NewPageAsync();
        page.SetDefaultTimeout(20_000);
        List<string> errors = [];
        page.Console += (_, message) => errors.AddRange(message.Type is "error" or "warning" ? [message.Text] : []);

        await page.GotoAsync($"{_nginx!.Address}");
        await page.GetByLabel("x", new PageGetByLabelOptions { Exact = true }).FillAsync("6");
        await page.GetByLabel("y", new PageGetByLabelOptions { Exact = true }).FillAsync("7");
        IResponse accepted = await page.RunAndWaitForResponseAsync(
            () => page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Submit", Exact = true }).ClickAsync(),
            response => response.Request.Method == "POST");
        string taskId = (await accepted.JsonAsync())!.Value.GetProperty("task_id").GetString()!;
        await page.Locator($"#rows tr[data-id='{taskId}'] .open").ClickAsync();
        await Expect(page.Locator("#detail-result")).ToHaveTextAsync("42");
        await Expect(page).ToHaveURLAsync(new Regex(@"/api/\?task="));

        await page.ReloadAsync();
        await Expect(page.Locator("#detail-result")).ToHaveTextAsync("42");
        await page.Locator("#close").ClickAsync();
        await Expect(page).ToHaveURLAsync($"{_nginx.Address}");
        Assert.Empty(errors);
    }
}
