using System.Collections.Concurrent;
using FunctionApp.Tests.Api;
using Microsoft.Playwright;

namespace FunctionApp.Tests.Web;

/// <summary>Another app like that of <see cref="SlowCollection"/>, so that half of the page's tests, which take long, run beside the other half.</summary>
[CollectionDefinition]
public sealed class PageCollection : ICollectionFixture<SlowApi>;

/// <summary>A test of the page in a window of its own. Nothing may go wrong on the console.</summary>
public abstract class PageTest(ApiHost api, Chromium chromium) : IAsyncLifetime
{
    private static readonly string Axe = File.ReadAllText(Path.Combine(TestsFolder.Path, "Web", "npm", "node_modules", "axe-core", "axe.min.js"));

    private readonly ConcurrentQueue<string> _errors = [];
    private IBrowserContext? _window;

    protected HttpClient Http => api.Http;

    protected IPage Page { get; private set; } = null!;

    /// <summary>The console also says when a request is refused, which some tests want.</summary>
    protected bool RefusalsAreWanted { get; set; }

    protected ILocator Rows => Page.Locator("#rows tr");

    protected ILocator Detail => Page.Locator("#detail");

    public async ValueTask InitializeAsync() => await OpenWindowAsync(new BrowserNewContextOptions());

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_window is not null)
        {
            await _window.DisposeAsync();
        }

        Assert.DoesNotContain(_errors, error => !RefusalsAreWanted || !error.StartsWith("Failed to load resource"));
    }

    /// <summary>Another window instead of the test's first one.</summary>
    protected async Task OpenWindowAsync(BrowserNewContextOptions options)
    {
        if (_window is not null)
        {
            await _window.DisposeAsync();
        }

        options.BaseURL ??= Http.BaseAddress!.ToString();
        options.Locale = "en-GB";
        options.ViewportSize ??= new ViewportSize { Width = 1280, Height = 860 };
        options.Permissions = ["clipboard-read", "clipboard-write"];
        _window = await chromium.OpenAsync(options);
        Page = await _window.NewPageAsync();
        Page.SetDefaultTimeout(20_000);
        Page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                _errors.Enqueue(message.Text);
            }
        };
        Page.PageError += (_, error) => _errors.Enqueue(error);
    }

    /// <summary>The row of a task.</summary>
    protected ILocator Row(string taskId) => Page.Locator($"#rows tr[data-id='{taskId}']");

    /// <summary>Submits by the form, and returns the ID of the task that the page then shows.</summary>
    protected async Task<string> SubmitByFormAsync(string x, string y)
    {
        await Page.GetByLabel("x", new PageGetByLabelOptions { Exact = true }).FillAsync(x);
        await Page.GetByLabel("y", new PageGetByLabelOptions { Exact = true }).FillAsync(y);
        IResponse accepted = await Page.RunAndWaitForResponseAsync(
            () => Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Submit", Exact = true }).ClickAsync(),
            response => response.Request.Method == "POST");
        return (await accepted.JsonAsync())!.Value.GetProperty("task_id").GetString()!;
    }

    /// <summary>A checker of accessibility finds nothing.</summary>
    protected async Task AxeAsync(string what)
    {
        await Page.EvaluateAsync($"() => {{ {Axe} }}");
        string[] findings = await Page.EvaluateAsync<string[]>(
            """
            async () => (await axe.run(document, { resultTypes: ['violations'] })).violations.flatMap(
                one => one.nodes.map(node => `${one.id}: ${node.html} ${node.failureSummary}`))
            """);
        Assert.True(findings.Length == 0, $"{what}: {string.Join("\n", findings)}");
    }
}
