using System.Text.RegularExpressions;
using FunctionApp.Tests.Api;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace FunctionApp.Tests.Web;

/// <summary>The page is for everybody: by keyboard, with a screen reader, dark or light, on a narrow screen.</summary>
[Long]
[Collection<PageCollection>]
public sealed class PageAccessTests(SlowApi api, Chromium chromium) : PageTest(api, chromium)
{
    [Fact]
    public async Task Everything_is_done_by_keyboard()
    {
        // Its own tasks only: the way through the list by keyboard is as long as the list.
        string label = $"by keyboard {Guid.NewGuid():N}"[..20];
        await Page.GotoAsync($"/?label={Uri.EscapeDataString(label)}");
        await Expect(Page.Locator("#loading")).ToBeHiddenAsync();
        await TabToAsync("#x");
        await Page.Keyboard.TypeAsync("6");
        await TabToAsync("#y");
        await Page.Keyboard.TypeAsync("7");
        await TabToAsync("#label");
        await Page.Keyboard.TypeAsync(label);
        // Keys take their time on a busy machine: the task should still be there to be canceled.
        await TabToAsync("#delay");
        await Page.Keyboard.TypeAsync("600");
        await Page.Keyboard.PressAsync("Enter");
        await Expect(Page.Locator("#detail-status")).ToHaveTextAsync("Scheduled");
        string taskId = (await Page.Locator("#detail-id").TextContentAsync())!;

        await TabToAsync($"tr[data-id='{taskId}'] a");
        await Page.Keyboard.PressAsync("Enter");
        await Expect(Page.Locator("#detail-title")).ToBeFocusedAsync();
        await TabToAsync("#detail-cancel");
        await Page.Keyboard.PressAsync("Enter");
        await Expect(Page.Locator("#detail-status")).ToHaveTextAsync("Canceled");
        await Expect(Page.Locator("#announcer")).ToContainTextAsync("Canceled.");

        await TabToAsync("#detail-retry");
        await Page.Keyboard.PressAsync("Space");
        await Expect(Page.Locator("#detail-retry-of")).ToHaveTextAsync(taskId);
        // Its row, which the focus goes back to, may come later.
        await Expect(Row((await Page.Locator("#detail-id").TextContentAsync())!)).ToBeVisibleAsync();
        await Page.Keyboard.PressAsync("Escape");
        await Expect(Detail).ToBeHiddenAsync();
        await Expect(Rows.First.Locator("a")).ToBeFocusedAsync();

        await TabToAsync($"tr[data-id='{taskId}'] input");
        await Page.Keyboard.PressAsync("Space");
        await TabToAsync("#delete-selected", backwards: true);
        await Page.Keyboard.PressAsync("Enter");
        await Expect(Page.GetByRole(AriaRole.Dialog).GetByText("Keep")).ToBeFocusedAsync();
        await Page.Keyboard.PressAsync("Tab");
        await Page.Keyboard.PressAsync("Enter");
        await Expect(Row(taskId)).ToHaveCountAsync(0);
        await Expect(Page.Locator("#selection")).ToBeHiddenAsync();
        await Expect(Page.Locator("#list")).ToBeFocusedAsync();

        await TabToAsync("#filters [value='Failed']", backwards: true);
        await Page.Keyboard.PressAsync("Space");
        await Expect(Page).ToHaveURLAsync(new Regex("status=Failed"));
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Axe_finds_nothing(ColorScheme scheme)
    {
        string taskId = await Http.SubmitAsync("1e200", "1e200");
        string scheduled = await Http.SubmitAsync(query: "?delay=600&webhook=https://example.org/hook");
        (await Http.CancelAsync(await Http.SubmitAsync())).Dispose();
        await Http.SubmitAsync();
        await Http.WaitForStatusAsync(taskId, "Failed");

        // The policy keeps the checks' own script out as well.
        RefusalsAreWanted = true;
        await OpenWindowAsync(new BrowserNewContextOptions { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce, BypassCSP = true });
        await Page.GotoAsync("/");
        await Expect(Row(taskId)).ToBeVisibleAsync();
        await AxeAsync("the list");

        await Row(taskId).GetByRole(AriaRole.Checkbox).CheckAsync();
        await Page.Locator("#filters").GetByText("Failed").HoverAsync();
        await AxeAsync("a selection");
        await Page.Locator("#delete-selected").ClickAsync();
        await AxeAsync("a question");
        await Page.Keyboard.PressAsync("Escape");

        await Row(taskId).Locator("a").ClickAsync();
        await Expect(Page.Locator("#detail-error")).ToBeVisibleAsync();
        await AxeAsync("a failed task");
        await Row(scheduled).Locator("a").ClickAsync();
        await Expect(Page.Locator("#detail-webhook")).ToBeVisibleAsync();
        await AxeAsync("a scheduled task");

        await Page.Locator("#edit summary").ClickAsync();
        await Page.Locator("#hour summary").ClickAsync();
        await Expect(Page.Locator("#hour rect").First).ToBeAttachedAsync();
        await AxeAsync("what can be changed, and the last hour");

        await Page.Locator("#submit").ClickAsync();
        await Expect(Page.Locator("[aria-invalid='true']").First).ToBeVisibleAsync();
        await AxeAsync("errors");
        await Page.GetByText("Batch", new PageGetByTextOptions { Exact = true }).ClickAsync();
        await AxeAsync("a batch");

        await Page.RouteAsync("**/tasks*", route => route.FulfillAsync(new RouteFulfillOptions { Status = 503 }));
        await Expect(Page.Locator("#outage")).ToBeVisibleAsync();
        await AxeAsync("an outage");
        await Page.UnrouteAllAsync();
        await Page.RouteAsync("**/tasks*", route => route.FulfillAsync(new RouteFulfillOptions { Status = 401 }));
        await Expect(Page.Locator("#key-panel")).ToBeVisibleAsync();
        await AxeAsync("a missing key");
    }

    [Fact]
    public async Task It_fits_a_narrow_screen()
    {
        string taskId = await Http.SubmitAsync("10000000000000000000000000000000000000000000000000000000000001", "3");
        await OpenWindowAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 320, Height = 640 } });
        await Page.GotoAsync("/");
        await Expect(Row(taskId)).ToBeVisibleAsync();
        Assert.Equal(320, await Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));

        await Row(taskId).Locator("a").ClickAsync();
        await Expect(Page.Locator("#detail-title")).ToBeFocusedAsync();
        await Expect(Page.Locator("#detail-result")).ToBeVisibleAsync();
        await Expect(Page.Locator("#list")).ToBeHiddenAsync();
        Assert.Equal(320, await Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));

        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Close the task" }).ClickAsync();
        await Expect(Row(taskId)).ToBeVisibleAsync();
    }

    private async Task TabToAsync(string selector, bool backwards = false)
    {
        for (int i = 0; i < 300; i++)
        {
            if (await Page.EvaluateAsync<bool>("selector => document.activeElement.matches(selector)", selector))
            {
                return;
            }

            await Page.Keyboard.PressAsync(backwards ? "Shift+Tab" : "Tab");
        }

        Assert.Fail($"The keyboard does not come to {selector}.");
    }
}
