using System.Text.Json;
using System.Text.RegularExpressions;
using FunctionApp.Tests.Api;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace FunctionApp.Tests.Web;

/// <summary>No action takes another's place, or moves under the pointer or the focus: who clicks gets what he aimed at.</summary>
[Long]
[Collection<SlowCollection>]
public sealed class PageSteadyTests(SlowApi api, Chromium chromium) : PageTest(api, chromium)
{
    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(350)]
    [InlineData(600)]
    public async Task A_double_click_on_cancel_cancels_and_does_nothing_else(int gap)
    {
        string inList = await Http.SubmitAsync(query: "?delay=600");
        string inDetail = await Http.SubmitAsync(query: "?delay=600");
        await Page.GotoAsync($"/?task={inDetail}");
        await Expect(Detail.Locator("#detail-status")).ToHaveTextAsync("Scheduled");
        int retries = 0;
        Page.Request += (_, request) => retries += request.Url.EndsWith("/retry") ? 1 : 0;

        await DoubleClickAsync(Row(inList).GetByText("Cancel"), gap);
        await Expect(Row(inList).Locator(".status")).ToHaveTextAsync("Canceled");
        await DoubleClickAsync(Detail.Locator("#detail-cancel"), gap);
        await Expect(Detail.Locator("#detail-status")).ToHaveTextAsync("Canceled");

        await Expect(Detail.Locator("#detail-id")).ToHaveTextAsync(inDetail);
        await Expect(Page.Locator("#toast")).ToContainTextAsync("was canceled");
        Assert.Equal(0, retries);
    }

    [Fact]
    public async Task A_double_click_on_submit_makes_one_task()
    {
        await Page.GotoAsync("/");
        await Page.Locator("#x").FillAsync("2");
        await Page.Locator("#y").FillAsync("3");
        int submissions = 0;
        Page.Request += (_, request) => submissions += request.Method == "POST" ? 1 : 0;
        await DoubleClickAsync(Page.Locator("#submit"), 300);
        await Expect(Detail.Locator("#detail-status")).ToBeVisibleAsync();
        Assert.Equal(1, submissions);
    }

    [Fact]
    public async Task A_task_that_has_run_for_long_is_canceled_after_a_question_only()
    {
        string taskId = await Http.SubmitAsync(query: "?delay=600");
        DateTimeOffset anHourAgo = DateTimeOffset.UtcNow.AddHours(-1);
        await Page.RouteAsync("**/tasks?*", async route =>
        {
            IAPIResponse answer = await route.FetchAsync();
            string body = Regex.Replace(
                await answer.TextAsync(),
                $$"""("task_id":"{{taskId}}".*?"status":)"Scheduled"(.*?"started_at":)null""",
                $$"""$1"Running"$2"{{anHourAgo:O}}" """);
            await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Body = body });
        });
        await Page.RouteAsync($"**/tasks/{taskId}", route => route.AbortAsync());
        RefusalsAreWanted = true;
        await Page.GotoAsync("/");
        ILocator question = Page.GetByRole(AriaRole.Dialog);
        await Row(taskId).GetByText("Cancel").ClickAsync();
        await Expect(question).ToContainTextAsync("It has run for 1 h 0 min");
        await question.GetByText("Keep").ClickAsync();
        Assert.Equal("Scheduled", (await Http.GetTaskAsync(taskId)).GetProperty("status").GetString());

        await Row(taskId).GetByText("Cancel").ClickAsync();
        await question.GetByText("Cancel it").ClickAsync();
        await Eventually.AreEqual("Canceled", async () => (await Http.GetTaskAsync(taskId)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task New_tasks_wait_while_the_pointer_is_in_the_list()
    {
        string aimedAt = await Http.SubmitAsync(query: "?delay=600");
        await Page.GotoAsync("/");
        await Row(aimedAt).GetByText("Cancel").HoverAsync();
        LocatorBoundingBoxResult? before = await Row(aimedAt).BoundingBoxAsync();
        string[] ids = [await Http.SubmitAsync(query: "?delay=600"), await Http.SubmitAsync(query: "?delay=600"), await Http.SubmitAsync(query: "?delay=600")];
        ILocator showNew = Page.Locator("#show-new");
        await Expect(showNew).ToHaveTextAsync("3 new tasks");
        await Expect(Page.Locator("#announcer")).ToContainTextAsync("new task");
        Assert.Equal(before!.Y, (await Row(aimedAt).BoundingBoxAsync())!.Y);
        await Expect(Row(ids[0])).ToHaveCountAsync(0);

        await Page.BringToFrontAsync(); // only one window has the focus
        await showNew.ClickAsync();
        await Expect(Row(ids[2])).ToBeVisibleAsync();
        await Expect(Row(ids[2]).Locator("a")).ToBeFocusedAsync();

        // The focus holds them too, until it leaves.
        string focused = await Http.SubmitAsync(query: "?delay=600");
        await Page.Mouse.MoveAsync(5, 5);
        await Expect(showNew).ToHaveTextAsync("1 new task");
        await Page.Locator("#x").FocusAsync();
        await Expect(Row(focused)).ToBeVisibleAsync();
        await Expect(showNew).ToBeHiddenAsync();
    }

    [Fact]
    public async Task What_a_filter_does_not_want_any_more_stays_under_the_pointer()
    {
        string first = await Http.SubmitAsync(query: "?delay=600");
        string second = await Http.SubmitAsync(query: "?delay=600");
        await Page.GotoAsync("/?status=Scheduled");
        await Row(first).HoverAsync();
        (await Http.CancelAsync(second)).Dispose();
        await Page.WaitForResponseAsync(response => response.Url.Contains("/tasks?"));
        await Page.WaitForResponseAsync(response => response.Url.Contains("/tasks?"));
        await Expect(Row(second)).ToBeVisibleAsync();
        await Page.Mouse.MoveAsync(5, 5);
        await Expect(Row(second)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Neither_a_selection_nor_an_outage_moves_the_rows()
    {
        string taskId = await Http.SubmitAsync(query: "?delay=600");
        RefusalsAreWanted = true;
        await Page.GotoAsync("/");
        await Row(taskId).GetByRole(AriaRole.Checkbox).HoverAsync();
        float before = (await Row(taskId).BoundingBoxAsync())!.Y;
        await Row(taskId).GetByRole(AriaRole.Checkbox).CheckAsync();
        await Expect(Page.Locator("#selection")).ToBeVisibleAsync();
        Assert.Equal(before, (await Row(taskId).BoundingBoxAsync())!.Y);
        await Page.RouteAsync("**/tasks*", route => route.FulfillAsync(new RouteFulfillOptions { Status = 503 }));
        await Expect(Page.Locator("#outage")).ToBeVisibleAsync();
        Assert.Equal(before, (await Row(taskId).BoundingBoxAsync())!.Y);
    }

    [Fact]
    public async Task A_retry_of_what_was_to_start_later_starts_then()
    {
        string taskId = await Http.SubmitAsync(query: "?delay=600&label=later");
        (await Http.CancelAsync(taskId)).Dispose();
        await Page.GotoAsync($"/?task={taskId}");
        await Detail.Locator("#detail-retry").ClickAsync();
        await Expect(Detail.Locator("#detail-retry-of")).ToHaveTextAsync(taskId);
        await Expect(Detail.Locator("#detail-status")).ToHaveTextAsync("Scheduled");
        JsonElement retried = await Http.GetTaskAsync((await Detail.Locator("#detail-id").TextContentAsync())!);
        Assert.Equal((await Http.GetTaskAsync(taskId)).GetProperty("start_at").GetString(), retried.GetProperty("start_at").GetString());
        Assert.Equal("later", retried.GetProperty("label").GetString());
    }

    private async Task DoubleClickAsync(ILocator button, int gap)
    {
        await button.ScrollIntoViewIfNeededAsync();
        LocatorBoundingBoxResult box = (await button.BoundingBoxAsync())!;
        (float x, float y) = (box.X + (box.Width / 2), box.Y + (box.Height / 2));
        await Page.Mouse.ClickAsync(x, y);
        await Task.Delay(gap);
        // A browser counts clicks that follow soon as one double click.
        int count = gap < 500 ? 2 : 1;
        await Page.Mouse.DownAsync(new MouseDownOptions { ClickCount = count });
        await Page.Mouse.UpAsync(new MouseUpOptions { ClickCount = count });
    }
}
