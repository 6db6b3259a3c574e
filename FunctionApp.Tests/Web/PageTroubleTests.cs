using System.Text.Json;
using System.Text.RegularExpressions;
using FunctionApp.Tests.Api;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace FunctionApp.Tests.Web;

/// <summary>What the page says when something is wrong, and that it goes on afterwards.</summary>
[Long]
[Collection<SlowCollection>]
public sealed class PageTroubleTests : PageTest
{
    private const string RightKey = "k3y-Of_the.host==";

    public PageTroubleTests(SlowApi api, Chromium chromium)
        : base(api, chromium) => RefusalsAreWanted = true;

    private ILocator SubmitButton => Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Submit", Exact = true });

    [Fact]
    public async Task Wrong_input_is_shown_at_its_field()
    {
        await Page.GotoAsync("/");
        await Page.Locator("#x").FillAsync("two");
        await SubmitButton.ClickAsync();
        await ExpectErrorAsync("x", "x must be a number, which “two” is not.");
        await ExpectErrorAsync("y", "y is required.");
        await Expect(Page.Locator("#x")).ToBeFocusedAsync();

        // All of it at once.
        await Page.Locator("#delay").FillAsync("soon");
        await Page.Locator("#webhook").FillAsync("ftp://example.org/");
        await SubmitButton.ClickAsync();
        await ExpectErrorAsync("delay", "Delay must be one number of seconds, at most 365 days.");
        await ExpectErrorAsync("webhook", "Webhook must be an https URL.");
        await ExpectErrorAsync("x", "x must be a number, which “two” is not.");

        foreach ((string text, string wrong) in new[]
        {
            ("+5", "must be written without a plus sign"), (".5", "must have a digit before the point, such as 0.5"), ("5.", "must have a digit after the point"),
            ("007", "must not begin with a zero"), ("1,000", "must be written without separators, and with a point before decimals"), ("NaN", "must be finite"),
            (new string('1', 1_200), "must have at most 1,000 characters, but has 1,200"),
        })
        {
            await Page.Locator("#x").FillAsync(text);
            await SubmitButton.ClickAsync();
            await ExpectErrorAsync("x", $"x {wrong}.");
        }

        await Page.Locator("#x").FillAsync("2");
        await Page.Locator("#y").FillAsync("3");
        await SubmitButton.ClickAsync();
        await Expect(Page.Locator("#x-error")).ToBeEmptyAsync();
        await Expect(Page.Locator("#x")).Not.ToHaveAttributeAsync("aria-invalid", "true");

        await Page.Locator("#delay").FillAsync("600");
        await Page.Locator("#webhook").FillAsync("");
        await SubmitButton.ClickAsync();
        await Expect(Page.Locator("#detail-status")).ToHaveTextAsync("Scheduled");
        await Expect(Page.Locator("[aria-invalid='true']")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task The_same_again_after_a_failure_makes_no_second_task()
    {
        List<string> keys = [];
        await Page.RouteAsync("**/multiply", async route =>
        {
            keys.Add(route.Request.Headers["idempotency-key"]);
            if (keys.Count == 1)
            {
                await route.AbortAsync();
            }
            else
            {
                await route.ContinueAsync();
            }
        });
        await Page.GotoAsync("/");
        await Page.Locator("#x").FillAsync("2");
        await Page.Locator("#y").FillAsync("3");
        await SubmitButton.ClickAsync();
        await Expect(Page.Locator("#submit-error")).ToHaveTextAsync("The service does not answer.");
        await SubmitButton.ClickAsync();
        await Expect(Page.Locator("#toast")).ToContainTextAsync("was submitted");
        await SubmitButton.ClickAsync();
        await Expect(SubmitButton).Not.ToHaveAttributeAsync("aria-busy", "true");
        Assert.Equal(3, keys.Count);
        Assert.Equal(keys[0], keys[1]);
        Assert.NotEqual(keys[1], keys[2]);
    }

    [Fact]
    public async Task It_asks_for_a_key_where_the_host_does()
    {
        // As the Functions host answers without its key.
        await Page.RouteAsync(url => new Uri(url).Segments is [_, not "assets/", ..], async route =>
        {
            if (route.Request.Headers.TryGetValue("x-functions-key", out string? key) && key == RightKey)
            {
                await route.ContinueAsync();
            }
            else
            {
                await route.FulfillAsync(new RouteFulfillOptions { Status = 401 });
            }
        });
        await Page.GotoAsync("/");
        ILocator field = Page.GetByLabel("Key", new PageGetByLabelOptions { Exact = true });
        await Expect(Page.GetByText("This service asks for a key")).ToBeVisibleAsync();
        await Expect(field).ToBeFocusedAsync();
        await Expect(Page.Locator("#key-error")).ToBeEmptyAsync();

        await field.FillAsync("wrong");
        await field.PressAsync("Enter");
        await Expect(Page.Locator("#key-error")).ToHaveTextAsync("The service does not accept this key. Check it and enter it again.");

        await field.FillAsync(RightKey);
        await field.PressAsync("Enter");
        await Expect(Page.Locator("#key-panel")).ToBeHiddenAsync();
        await Expect(Page.Locator("#list")).ToBeFocusedAsync();
        await Expect(Page.Locator("#loading")).ToBeHiddenAsync();
        await SubmitByFormAsync("2", "3");
        await Expect(Page.Locator("#detail-status")).ToBeVisibleAsync();

        await Page.ReloadAsync();
        await Expect(Page.Locator("#detail-status")).ToBeVisibleAsync();
        await Expect(Page.Locator("#key-panel")).ToBeHiddenAsync();
        Assert.Equal(RightKey, await Page.EvaluateAsync<string>("sessionStorage.getItem('functions-key')"));
        Assert.Equal(0, await Page.EvaluateAsync<int>("localStorage.length + document.cookie.length"));

        await Page.GetByText("Forget key").ClickAsync();
        await Expect(Page.Locator("#key-panel")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task It_says_once_that_storage_is_down_and_goes_on_when_it_is_back()
    {
        string taskId = await Http.SubmitAsync(query: "?delay=600");
        bool isDown = true;
        await Page.RouteAsync("**/tasks*", route => isDown ? Unavailable(route) : route.ContinueAsync());
        await Page.GotoAsync("/");
        await Expect(Page.GetByRole(AriaRole.Alert).Filter(new LocatorFilterOptions { HasText = "cannot reach its storage" })).ToHaveCountAsync(1);
        await Expect(Page.Locator("#live")).ToHaveTextAsync("Not reachable");

        isDown = false;
        await Expect(Row(taskId)).ToBeVisibleAsync();
        await Expect(Page.Locator("#outage")).ToBeHiddenAsync();
        await Expect(Page.Locator("#live")).ToHaveTextAsync("Live");

        // What is there stays to be seen.
        isDown = true;
        await Expect(Page.Locator("#outage")).ToBeVisibleAsync();
        await Expect(Row(taskId)).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_state_is_one_and_steady_while_the_service_is_down()
    {
        await Page.GotoAsync("/");
        await Expect(Page.Locator("#live")).ToHaveTextAsync("Live");
        await Page.RouteAsync("**/tasks*", Unavailable);
        await Page.RouteAsync("**/multiply*", Unavailable);
        await Expect(Page.Locator("#live")).ToHaveTextAsync("Not reachable");
        await Page.EvaluateAsync(
            """
            () => {
              globalThis.changes = 0;
              const watch = new MutationObserver(all => { globalThis.changes += all.length; });
              for (const id of ['live', 'outage']) watch.observe(document.getElementById(id), { attributes: true, childList: true, subtree: true, characterData: true });
            }
            """);
        await Page.Locator("#x").FillAsync("2");
        await Page.Locator("#y").FillAsync("3");
        await SubmitButton.ClickAsync();
        await Expect(Page.Locator("#submit-error")).ToContainTextAsync("cannot reach its storage");
        for (int i = 0; i < 3; i++)
        {
            await Page.WaitForResponseAsync(response => response.Url.Contains("/tasks?"));
        }

        Assert.Equal(0, await Page.EvaluateAsync<int>("globalThis.changes"));
        await Expect(Page.Locator("#outage")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task An_answer_that_does_not_come_is_told_and_nothing_counts_on()
    {
        string taskId = await Http.SubmitAsync(query: "?delay=600");
        using var answering = new SemaphoreSlim(0);
        await Page.GotoAsync("/");
        await Expect(Page.Locator("#live")).ToHaveTextAsync("Live");
        await Page.RouteAsync("**/tasks?*", async route =>
        {
            await answering.WaitAsync();
            await Unavailable(route);
        });
        await Expect(Page.Locator("#live")).ToHaveTextAsync("Waiting for an answer");
        string age = (await Row(taskId).Locator("time").TextContentAsync())!;
        await Task.Delay(TimeSpan.FromSeconds(3));
        await Expect(Row(taskId).Locator("time")).ToHaveTextAsync(age);
        answering.Release(1_000);
        await Expect(Page.Locator("#live")).ToHaveTextAsync("Not reachable");
    }

    [Fact]
    public async Task A_batchs_errors_name_their_lines()
    {
        string? body = null;
        await Page.RouteAsync("**/multiply/batch", route =>
        {
            body = route.Request.PostData;
            return route.FulfillAsync(new RouteFulfillOptions
            {
                Status = 400,
                ContentType = "application/problem+json",
                Body = """
                    {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "Not valid.", "errors": {"items[1].y": ["is required"], "items[2].x": ["must be a number"]}}
                    """,
            });
        });
        await Page.GotoAsync("/");
        await Page.GetByText("Batch", new PageGetByTextOptions { Exact = true }).ClickAsync();
        await Page.Locator("#items").FillAsync("2.30 2\n\n  7\nabc; 1e400\n1,2");
        await Expect(Page.Locator("#items-count")).ToHaveTextAsync("4 multiplications");
        await SubmitButton.ClickAsync();
        await ExpectErrorAsync("items", "Line 3: y is required.\nLine 4: x must be a number, which “abc” is not.");
        Assert.Equal(
            """[{"x":2.30,"y":2},{"x":7},{"x":"abc","y":1e400},{"x":1,"y":2}]""",
            JsonElement.Parse(body!).GetProperty("items").GetRawText().Replace(" ", ""));
    }

    [Fact]
    public async Task A_task_that_is_not_there_is_said_to_be_missing()
    {
        await Page.GotoAsync("/?task=01a20f42-d8da-7559-98ec-802e7699cdb6");
        await Expect(Page.GetByText("There is no such task. It may have been deleted.")).ToBeVisibleAsync();
        await Page.GotoAsync("/?task=../tasks");
        await Expect(Page.GetByText("There is no such task. It may have been deleted.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_batch_without_lines_is_told_in_the_pages_words()
    {
        await Page.GotoAsync("/");
        await Page.GetByText("Batch", new PageGetByTextOptions { Exact = true }).ClickAsync();
        await SubmitButton.ClickAsync();
        await Expect(Page.Locator("#items-error")).ToHaveTextAsync("Enter two numbers on a line.");
    }

    [Fact]
    public async Task A_reload_during_an_outage_says_that_the_task_is_still_to_come()
    {
        string taskId = await Http.SubmitAsync(query: "?delay=600");
        await Page.RouteAsync("**/tasks**", Unavailable);
        await Page.RouteAsync("**/tasks/*", Unavailable);
        await Page.GotoAsync($"/?task={taskId}");
        await Expect(Page.Locator("#outage")).ToBeVisibleAsync();
        await Expect(Page.Locator("#detail-loading")).ToHaveTextAsync("Loading the task…");
        await Page.UnrouteAllAsync();
        await Expect(Detail.Locator("#detail-status")).ToHaveTextAsync("Scheduled");
        await Expect(Page.Locator("#detail-loading")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Ones_own_cancel_is_no_error()
    {
        string taskId = await Http.SubmitAsync(query: "?delay=600");
        string failed = await Http.SubmitAsync("1e200", "1e200");
        await Http.WaitForStatusAsync(failed, "Failed");
        await Page.GotoAsync($"/?task={failed}");
        string red = await Detail.Locator("#detail-error").EvaluateAsync<string>("one => getComputedStyle(one).color");
        await Row(taskId).GetByText("Cancel").ClickAsync();
        await Row(taskId).Locator("a").ClickAsync();
        await Expect(Detail.Locator("#detail-error")).ToHaveTextAsync("The task was canceled.");
        await Expect(Detail.Locator("#detail-error")).Not.ToHaveCSSAsync("color", red);
    }

    [Fact]
    public async Task A_phone_shows_a_task_that_the_filter_keeps_out_of_the_list()
    {
        await OpenWindowAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 390, Height = 800 } });
        await Page.GotoAsync("/?status=Failed");
        string taskId = await SubmitByFormAsync("2", "3");
        await Expect(Detail.Locator("#detail-id")).ToHaveTextAsync(taskId);
    }

    private async Task ExpectErrorAsync(string field, string message)
    {
        await Expect(Page.Locator($"#{field}-error")).ToHaveTextAsync(message);
        await Expect(Page.Locator($"#{field}")).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(Page.Locator($"#{field}")).ToHaveAccessibleDescriptionAsync(new Regex("must|required|Line"));
    }

    private static Task Unavailable(IRoute route) => route.FulfillAsync(new RouteFulfillOptions
    {
        Status = 503,
        Headers = new Dictionary<string, string> { ["Retry-After"] = "1", ["Content-Type"] = "application/problem+json" },
        Body = """
            {"type": "https://tools.ietf.org/html/rfc9110#section-15.6.4", "title": "Service Unavailable", "status": 503,
             "detail": "The service cannot reach its storage at the moment. Send the request again later."}
            """,
    });
}
