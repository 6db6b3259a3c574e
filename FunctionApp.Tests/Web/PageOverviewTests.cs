using System.Text.RegularExpressions;
using FunctionApp.Tests.Api;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace FunctionApp.Tests.Web;

/// <summary>What the page says of many tasks at once, and what can be done to all that match.</summary>
[Long]
[Collection<SlowCollection>]
public sealed class PageOverviewTests(SlowApi api, Chromium chromium) : PageTest(api, chromium)
{
    [Fact]
    public async Task All_that_match_are_counted_as_far_as_the_page_knows_and_canceled_and_deleted()
    {
        string label = $"many {Guid.NewGuid():N}";
        string query = $"?delay=600&label={Uri.EscapeDataString(label)}";
        for (int i = 0; i < 13; i++)
        {
            await Http.SubmitManyAsync(10, query);
        }

        string other = await Http.SubmitAsync(query: "?delay=600");
        await Page.GotoAsync($"/?label={Uri.EscapeDataString(label)}");
        await Expect(Rows).ToHaveCountAsync(20);
        await Expect(Count("Scheduled")).ToHaveTextAsync("20+");
        await Expect(Count("Failed")).ToBeEmptyAsync();

        List<string> lists = [];
        Page.Request += (_, request) => lists.AddRange(request.Url.Contains("cursor=") ? [request.Url] : []);
        await Expect(Page.Locator("#select-matching")).ToBeHiddenAsync();
        await Page.GetByLabel("Select all").CheckAsync();
        await Page.GetByText("All that match").ClickAsync();
        await Expect(Page.Locator("#selection-text")).ToHaveTextAsync("130 selected");
        await Expect(Page.Locator("#select-matching")).ToBeHiddenAsync();
        await Expect(Page.Locator("#clear-selection")).ToBeFocusedAsync();
        Assert.Equal(2, lists.Count);
        Assert.Equal(20, await Rows.CountAsync());

        await Page.Locator("#cancel-selected").ClickAsync();
        await Page.GetByRole(AriaRole.Dialog).GetByText("Cancel them").ClickAsync();
        await Expect(Page.Locator("#bulk-text")).ToHaveTextAsync(new Regex("^[1-9][0-9]* of 130$"));
        await Expect(Page.Locator("#toast")).ToHaveTextAsync("130 tasks canceled.", new LocatorAssertionsToHaveTextOptions { Timeout = 60_000 });
        await Expect(Count("Canceled")).ToHaveTextAsync("20+");
        await Page.Locator("#delete-selected").ClickAsync();
        await Page.GetByRole(AriaRole.Dialog).GetByText("Delete", new LocatorGetByTextOptions { Exact = true }).ClickAsync();
        await Expect(Page.Locator("#toast")).ToHaveTextAsync("130 tasks deleted.", new LocatorAssertionsToHaveTextOptions { Timeout = 60_000 });
        await Page.Mouse.MoveAsync(5, 5); // rows under the pointer stay
        await Expect(Page.GetByText("No task matches the filters.")).ToBeVisibleAsync();
        await Expect(Count("Canceled")).ToHaveTextAsync("0");
        await Expect(Page.Locator("#selection")).ToBeHiddenAsync();
        Assert.Equal("Scheduled", (await Http.GetTaskAsync(other)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_filter_by_status_counts_its_own_only()
    {
        string label = $"few {Guid.NewGuid():N}";
        string query = $"?delay=600&label={Uri.EscapeDataString(label)}";
        string[] ids = await Http.SubmitManyAsync(3, query);
        (await Http.CancelAsync(ids[0])).Dispose();
        await Page.GotoAsync($"/?label={Uri.EscapeDataString(label)}");
        await Expect(Count("Scheduled")).ToHaveTextAsync("2");
        await Expect(Count("Canceled")).ToHaveTextAsync("1");
        await Expect(Count("Running")).ToHaveTextAsync("0");
        await Page.Locator("#filters [value='Canceled']").CheckAsync(new LocatorCheckOptions { Force = true });
        await Expect(Count("Canceled")).ToHaveTextAsync("1");
        await Expect(Count("Scheduled")).ToBeEmptyAsync();
    }

    [Fact]
    public async Task The_last_hour_is_asked_for_when_it_is_opened_and_drawn_minute_by_minute()
    {
        string failed = await Http.SubmitAsync("1e200", "1e200");
        await Http.WaitForStatusAsync(failed, "Failed");
        await Page.GotoAsync("/");
        await Expect(Row(failed)).ToBeVisibleAsync();
        await Expect(Page.Locator("#hour-now")).ToHaveTextAsync(new Regex(@"^Last hour; \d+\+? running"));
        List<string> asked = [];
        Page.Request += (_, request) => asked.AddRange(request.Url.Contains("created_after=") ? [request.Url] : []);
        await Page.Locator("#hour summary").ClickAsync();
        await Expect(Page.Locator("#hour-text")).ToHaveTextAsync(new Regex(@"^[1-9]\d* ended, [1-9]\d* of them failed; at most [1-9]\d* in a minute\. Counted are the tasks "));
        Assert.True(await Page.Locator("#hour rect.failed").EvaluateAllAsync<double>("all => Math.max(...all.map(one => one.getBBox().height))") > 0);
        Assert.Equal(120, await Page.Locator("#hour rect").CountAsync());

        // What ends from now on is counted without asking anew.
        int before = await EndedAsync();
        string canceled = await Http.SubmitAsync(query: "?delay=600");
        await Expect(Row(canceled)).ToBeVisibleAsync();
        await Row(canceled).GetByText("Cancel").ClickAsync();
        await Eventually.AreEqual(true, async () => await EndedAsync() > before);
        Assert.InRange(asked.Count, 1, 5);
    }

    private ILocator Count(string status) => Page.Locator($"#filters [value='{status}'] + span .count");

    private async Task<int> EndedAsync() => int.Parse((await Page.Locator("#hour-text").TextContentAsync())!.Split(' ')[0].Replace(",", ""));
}
