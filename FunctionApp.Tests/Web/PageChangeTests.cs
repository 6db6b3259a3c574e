using System.Net;
using System.Text;
using System.Text.Json;
using FunctionApp.Tests.Api;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace FunctionApp.Tests.Web;

/// <summary>A task is run again with changes, renamed, rescheduled, kept.</summary>
[Long]
[Collection<SlowCollection>]
public sealed class PageChangeTests(SlowApi api, Chromium chromium) : PageTest(api, chromium)
{
    private ILocator Save => Page.Locator("#edit-save");

    [Theory]
    [InlineData(1_280)]
    [InlineData(390)]
    public async Task A_task_is_changed_and_run_again(int width)
    {
        string taskId = await Http.SubmitAsync("10000000000000000000000000000001", "3", "?label=Long&delay=600");
        await OpenWindowAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = width, Height = 800 } });
        await Page.GotoAsync($"/?task={taskId}");
        await Detail.GetByText("Change and run again").ClickAsync();
        await Expect(Page.Locator("#x")).ToBeFocusedAsync();
        await Expect(Page.Locator("#x")).ToHaveValueAsync("10000000000000000000000000000001");
        await Expect(Page.Locator("#y")).ToHaveValueAsync("3");
        await Expect(Page.Locator("#label")).ToHaveValueAsync("Long");
        await Page.Locator("#y").FillAsync("4");
        IResponse accepted = await Page.RunAndWaitForResponseAsync(
            () => Page.Locator("#y").PressAsync("Enter"), response => response.Request.Method == "POST");
        string again = (await accepted.JsonAsync())!.Value.GetProperty("task_id").GetString()!;
        Assert.Equal("40000000000000000000000000000004", await Http.WaitForResultAsync(again));
        Assert.Equal("Long", (await Http.GetTaskAsync(again)).GetProperty("label").GetString());
    }

    [Fact]
    public async Task A_batch_has_no_form_of_its_own_to_be_changed_in()
    {
        using var body = new StringContent("""{"items": [{"x": 2, "y": 3}]}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage accepted = await Http.PostAsync("/multiply/batch?delay=600", body);
        await Page.GotoAsync($"/?task={await accepted.ReadTaskIdAsync()}");
        await Expect(Detail.Locator("#detail-status")).ToHaveTextAsync("Scheduled");
        await Expect(Detail.GetByText("Change and run again")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_scheduled_task_is_renamed_and_rescheduled_in_the_chosen_zone()
    {
        string taskId = await Http.SubmitAsync(query: "?delay=600&label=before");
        await OpenWindowAsync(new BrowserNewContextOptions { TimezoneId = "Asia/Kolkata" });
        await Page.GotoAsync($"/?task={taskId}");
        DateTimeOffset start = (await Http.GetTaskAsync(taskId)).GetProperty("start_at").GetDateTimeOffset();
        await OpenAsync();
        await Expect(Page.Locator("#edit-start")).ToHaveValueAsync(FieldText(start.AddHours(5.5)));
        await Page.Locator("#edit-label").FillAsync("after");
        await Save.ClickAsync();
        await Expect(Page.Locator("#toast")).ToContainTextAsync("was changed.");
        await Expect(Detail.Locator("#detail-title")).ToContainTextAsync("after");
        await Expect(Page.Locator("#edit summary")).ToBeFocusedAsync();
        Assert.Equal(start, (await Http.GetTaskAsync(taskId)).GetProperty("start_at").GetDateTimeOffset());

        await Page.Locator("#zone").ClickAsync();
        await OpenAsync();
        DateTimeOffset later = new(DateTime.UtcNow.Date.AddDays(3).AddHours(7), TimeSpan.Zero);
        await Page.Locator("#edit-start").FillAsync(FieldText(later));
        await Save.ClickAsync();
        await Expect(Detail.Locator("#timeline time").Nth(1)).ToContainTextAsync("07:00:00");
        Assert.Equal(later, (await Http.GetTaskAsync(taskId)).GetProperty("start_at").GetDateTimeOffset());

        await OpenAsync();
        await Page.Locator("#edit-start").FillAsync("");
        await Save.ClickAsync();
        await Expect(Detail.Locator("#detail-status")).ToHaveTextAsync("Succeeded");
    }

    [Fact]
    public async Task A_task_is_kept_for_ever_or_until_a_time_and_what_is_wrong_is_said()
    {
        RefusalsAreWanted = true;
        string taskId = await Http.SubmitAsync("1e200", "1e200");
        await Http.WaitForStatusAsync(taskId, "Failed");
        await Page.GotoAsync($"/?task={taskId}");
        await OpenAsync();
        await Expect(Page.Locator("#edit-start")).ToBeHiddenAsync();
        await Page.GetByLabel("Keep for ever").CheckAsync();
        await Save.ClickAsync();
        await Expect(Detail.Locator("#timeline .what").Last).ToHaveTextAsync("Failed");
        Assert.Equal(JsonValueKind.Null, (await Http.GetTaskAsync(taskId)).GetProperty("expires_at").ValueKind);

        await OpenAsync();
        await Expect(Page.GetByLabel("Keep for ever")).ToBeCheckedAsync();
        await Page.GetByLabel("Keep for ever").UncheckAsync();
        await Page.Locator("#edit-end").FillAsync("2099-01-15T12:00");
        await Save.ClickAsync();
        await Expect(Detail.Locator("#timeline .what").Last).ToHaveTextAsync("Will be deleted");
        Assert.StartsWith("2099-01-15", (await Http.GetTaskAsync(taskId)).GetProperty("expires_at").GetString());

        await OpenAsync();
        await Page.Locator("#edit-end").FillAsync("2001-01-15T12:00");
        await Save.ClickAsync();
        await Expect(Page.Locator("#toast")).ToContainTextAsync("expires_at must be an RFC 3339 time to come");
        await Expect(Page.Locator("#edit-end")).ToHaveValueAsync("2001-01-15T12:00");
    }

    [Fact]
    public async Task What_another_has_changed_is_not_overwritten_and_progress_is_no_obstacle()
    {
        RefusalsAreWanted = true;
        string taskId = await Http.SubmitAsync(query: "?delay=600&label=mine");
        await Page.GotoAsync($"/?task={taskId}");
        await OpenAsync();
        await PatchAsync(taskId, """{"label": "theirs"}""");
        await Page.Locator("#edit-label").FillAsync("mine again");
        await Save.ClickAsync();
        await Expect(Page.Locator("#toast")).ToContainTextAsync("has changed in the meantime");
        await Expect(Page.Locator("#edit-label")).ToHaveValueAsync("theirs");

        // Between the question and the change something else has changed.
        bool isFirst = true;
        List<string?> tags = [];
        await Page.RouteAsync($"**/tasks/{taskId}", async route =>
        {
            if (route.Request.Method == "PATCH")
            {
                tags.Add(route.Request.Headers.GetValueOrDefault("if-match"));
                if (isFirst)
                {
                    isFirst = false;
                    await PatchAsync(taskId, """{"expires_at": "2099-01-01T00:00:00Z"}""");
                }
            }

            await route.ContinueAsync();
        });
        await Page.Locator("#edit-label").FillAsync("ours");
        await Save.ClickAsync();
        await Expect(Detail.Locator("#detail-title")).ToContainTextAsync("ours");
        Assert.Equal(2, tags.Distinct().Count());
        JsonElement task = await Http.GetTaskAsync(taskId);
        Assert.Equal("ours", task.GetProperty("label").GetString());
        Assert.StartsWith("2099-01-01", task.GetProperty("expires_at").GetString());
    }

    private static string FieldText(DateTimeOffset time) => time.ToString(time.Second == 0 ? "yyyy-MM-dd'T'HH:mm" : "yyyy-MM-dd'T'HH:mm:ss");

    private async Task OpenAsync()
    {
        await Expect(Page.Locator("#edit-form")).ToBeHiddenAsync();
        await Page.Locator("#edit summary").ClickAsync();
    }

    private async Task PatchAsync(string taskId, string change)
    {
        using var body = new StringContent(change, Encoding.UTF8, "application/json");
        using HttpResponseMessage changed = await Http.PatchAsync($"/tasks/{taskId}", body);
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
    }
}
