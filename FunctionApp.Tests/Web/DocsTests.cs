using System.Text.Json;
using System.Text.RegularExpressions;
using FunctionApp.Tests.Api;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace FunctionApp.Tests.Web;

/// <summary>The API's reference at <c>/docs</c>: it is read, and each request can be tried.</summary>
[Collection<PageCollection>]
public sealed class DocsTests(SlowApi api, Chromium chromium) : PageTest(api, chromium)
{
    [Fact]
    public async Task Every_request_is_described_and_one_is_tried()
    {
        await Page.GotoAsync("/");
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "API", Exact = true }).ClickAsync();
        await Expect(Page).ToHaveURLAsync(new Regex("/docs$"));
        await Expect(Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Level = 1 })).ToHaveTextAsync(new Regex("^Long-running tasks, version"));
        string[] described = await Page.Locator("#operations article:has(.trial)").EvaluateAllAsync<string[]>(
            "all => all.map(one => `${one.querySelector('.method').textContent.toLowerCase()} ${one.querySelector('h3 code').textContent}`)");
        Assert.Equal(OpenApi.Operations().Select(operation => $"{operation.Method} {operation.Path}").Order(), described.Order());
        await Expect(Operation("submitMultiplication").Locator(".entries dt").First).ToHaveTextAsync(new Regex("^Idempotency-Key in header, string"));
        string[] dead = await Page.Locator("main a[href^='#']").EvaluateAllAsync<string[]>(
            "all => all.map(one => one.getAttribute('href').slice(1)).filter(id => !document.getElementById(id))");
        Assert.Empty(dead);

        ILocator submit = await OpenAsync("submitMultiplication");
        await submit.GetByLabel("Body", new LocatorGetByLabelOptions { Exact = true }).FillAsync("""{"x": 10000000000000000000000000000001, "y": 3}""");
        await submit.GetByLabel("Prefer").FillAsync("wait=30");
        await submit.GetByLabel("label").FillAsync("It's tried");
        await SendAsync(submit);
        await Expect(submit.GetByRole(AriaRole.Status)).ToHaveTextAsync(new Regex("^202 Accepted, after "));
        await Expect(submit.GetByLabel("The headers of the answer")).ToContainTextAsync("preference-applied: wait=30");
        await Expect(submit.GetByLabel("The body of the answer")).ToContainTextAsync("\"result\": 30000000000000000000000000000003");
        await Expect(submit.GetByLabel("The request, for curl")).ToContainTextAsync("/multiply?label=It%27s+tried' \\\n  -H 'Content-Type: application/json'");

        // Whoever has submitted a task asks for it next.
        string taskId = JsonElement.Parse((await submit.GetByLabel("The body of the answer").TextContentAsync())!).GetProperty("task_id").GetString()!;
        ILocator get = await OpenAsync("getTask");
        await Expect(get.GetByLabel("task_id")).ToHaveValueAsync(taskId);
        await SendAsync(get);
        await Expect(get.GetByLabel("The body of the answer")).ToContainTextAsync("\"label\": \"It's tried\"");
    }

    [Long]
    [Fact]
    public async Task Every_kind_of_answer_is_shown()
    {
        await Page.GotoAsync("/docs#deleteTask");
        await Expect(Operation("deleteTask")).ToBeInViewportAsync();
        string taskId = await Http.SubmitAsync(query: "?delay=600");
        (await Http.CancelAsync(taskId)).Dispose();

        ILocator list = await OpenAsync("listTasks");
        await list.GetByLabel("status").SelectOptionAsync(["Canceled", "Failed"]);
        await list.GetByLabel("limit").FillAsync("1");
        await SendAsync(list);
        await Expect(list.GetByLabel("The request, for curl")).ToContainTextAsync("tasks?status=Failed&status=Canceled&limit=1'");
        await Expect(list.GetByLabel("The body of the answer")).ToContainTextAsync("\"next_cursor\"");

        ILocator delete = await OpenAsync("deleteTask");
        await SendAsync(delete);
        await Expect(delete.GetByRole(AriaRole.Status)).ToBeEmptyAsync(); // the browser asks for the ID
        await delete.GetByLabel("task_id").FillAsync(taskId);
        await SendAsync(delete);
        await Expect(delete.GetByRole(AriaRole.Status)).ToHaveTextAsync(new Regex("^204 No Content"));
        await Expect(delete.GetByLabel("The body of the answer")).ToHaveCountAsync(0);

        RefusalsAreWanted = true;
        await SendAsync(delete);
        await Expect(delete.GetByRole(AriaRole.Status)).ToHaveTextAsync(new Regex("^404 Not Found"));
        await Expect(delete.GetByLabel("The body of the answer")).ToContainTextAsync("\"task_status\": \"Unknown\"");
        await Page.RouteAsync("**/tasks/*", route => route.AbortAsync());
        await SendAsync(delete);
        await Expect(delete.GetByRole(AriaRole.Status)).ToHaveTextAsync(new Regex("^There is no answer: "));
    }

    [Long]
    [Fact]
    public async Task The_key_is_that_of_the_page()
    {
        RefusalsAreWanted = true;
        await Page.RouteAsync(url => new Uri(url).AbsolutePath == "/tasks", route =>
            route.Request.Headers.GetValueOrDefault("x-functions-key") == "k3y==" ? route.ContinueAsync() : route.FulfillAsync(new RouteFulfillOptions { Status = 401 }));
        await Page.GotoAsync("/docs");
        ILocator list = await OpenAsync("listTasks");
        await SendAsync(list);
        await Expect(list.GetByRole(AriaRole.Status)).ToHaveTextAsync(new Regex("^401 Unauthorized"));

        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "the page" }).ClickAsync();
        await Page.GetByLabel("Key", new PageGetByLabelOptions { Exact = true }).FillAsync("k3y==");
        await Page.Keyboard.PressAsync("Enter");
        await Expect(Page.Locator("#loading")).ToBeHiddenAsync();
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "API", Exact = true }).ClickAsync();
        list = await OpenAsync("listTasks");
        await SendAsync(list);
        await Expect(list.GetByRole(AriaRole.Status)).ToHaveTextAsync(new Regex("^200 OK"));
        await Expect(list.GetByLabel("The request, for curl")).ToContainTextAsync("-H \"x-functions-key: $KEY\"");
    }

    [Long]
    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task It_is_for_everybody(ColorScheme scheme)
    {
        RefusalsAreWanted = true; // the policy keeps the checks' own script out as well
        await OpenWindowAsync(new BrowserNewContextOptions
        {
            ColorScheme = scheme,
            BypassCSP = true,
            ViewportSize = new ViewportSize { Width = 360, Height = 740 },
        });
        await Page.GotoAsync("/docs");
        await Expect(Operation("getHealth")).ToBeVisibleAsync();
        await Page.EvaluateAsync("document.querySelectorAll('details').forEach(one => { one.open = true; })");
        ILocator health = Operation("getHealth").Locator("form");
        await health.GetByText("Send").FocusAsync();
        await Page.Keyboard.PressAsync("Enter");
        await Expect(health.GetByLabel("The body of the answer")).ToContainTextAsync("Healthy");
        Assert.Equal(360, await Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        await AxeAsync("the reference");
    }

    private ILocator Operation(string id) => Page.Locator($"article#{id}");

    private async Task<ILocator> OpenAsync(string id)
    {
        await Operation(id).GetByText("Try it").ClickAsync();
        return Operation(id).Locator("form");
    }

    private static Task SendAsync(ILocator form) => form.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Send" }).ClickAsync();
}
