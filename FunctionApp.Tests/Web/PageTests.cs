using System.Text.RegularExpressions;
using FunctionApp.Tests.Api;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace FunctionApp.Tests.Web;

/// <summary>What a user does on the page.</summary>
[Collection<PageCollection>]
public sealed class PageTests(SlowApi api, Chromium chromium) : PageTest(api, chromium)
{
    [Fact]
    public async Task A_task_is_submitted_moves_and_has_its_result()
    {
        await Page.GotoAsync("/");
        string taskId = await SubmitByFormAsync("2.3", "2");
        await Expect(Row(taskId)).ToBeVisibleAsync();
        await Expect(Detail.Locator("#detail-status")).ToHaveTextAsync("Running");

        HashSet<double> seen = [];
        while (await Detail.Locator("#detail-status").TextContentAsync() == "Running")
        {
            seen.Add(await Detail.Locator("progress").EvaluateAsync<double>("bar => bar.value"));
            await Task.Delay(50);
        }

        Assert.True(seen.Count(value => value is > 0 and < 1) >= 2, $"The progress was {string.Join(", ", seen)}.");
        await Expect(Detail.Locator("#detail-status")).ToHaveTextAsync("Succeeded");
        await Expect(Detail.Locator("#detail-result")).ToHaveTextAsync("4.6");
        await Expect(Detail.Locator("#detail-input")).ToHaveTextAsync("""{ "x": 2.3, "y": 2 }""");
        await Expect(Detail.Locator("#timeline .what")).ToHaveTextAsync(["Created", "Started, attempt 1", "Succeeded", "Will be deleted"]);
        await Expect(Row(taskId).Locator(".status")).ToHaveTextAsync("Succeeded");
        await Expect(Page.Locator("#announcer")).ToContainTextAsync("Succeeded.");

        await Detail.Locator("#copy-result").ClickAsync();
        Assert.Equal("4.6", await Page.EvaluateAsync<string>("navigator.clipboard.readText()"));
        IPage json = await Page.Context.RunAndWaitForPageAsync(() => Detail.Locator("#detail-json").ClickAsync());
        await Expect(json.Locator("body")).ToContainTextAsync("\"result\": 4.6");
    }

    [Long]
    [Fact]
    public async Task Long_integers_keep_their_digits()
    {
        await Page.GotoAsync("/");
        await SubmitByFormAsync("10000000000000000000000000000001", "3");
        await Expect(Detail.Locator("#detail-result")).ToHaveTextAsync("30000000000000000000000000000003");
        await Expect(Detail.Locator("#detail-input")).ToContainTextAsync("10000000000000000000000000000001");
    }

    [Fact]
    public async Task A_batch_is_submitted_and_has_its_results()
    {
        await Page.GotoAsync("/");
        await Page.GetByText("Batch", new PageGetByTextOptions { Exact = true }).ClickAsync();
        await Page.Locator("#items").FillAsync("2.3 2\n1e200 1e200\n10000000000000000000000000000001 3");
        await Page.Locator("#submit").ClickAsync();
        await Expect(Detail.Locator("#detail-title")).ToContainTextAsync("multiply/batch");
        await Expect(Detail.Locator("#detail-status")).ToHaveTextAsync("Partly failed");
        await Expect(Detail.Locator("#detail-items")).ToHaveTextAsync("2 of 3, 1 failed");
        await Expect(Page.Locator("tr.current .status")).ToHaveTextAsync("Partly failed");
        await Expect(Page.Locator("tr.current .brief")).ToHaveTextAsync("3 items → 2 of 3, 1 failed");
        await Expect(Detail.Locator("#detail-result")).ToHaveTextAsync(
            new Regex(@"^1  4\.6\n2  not_finite: The product is too large .*\n3  30000000000000000000000000000003$"));

        string csv = await DownloadAsync("CSV");
        Assert.StartsWith("item,result,error_code,error_detail\r\n1,4.6,,\r\n2,,\"not_finite\",\"The product is too large", csv);
        Assert.EndsWith("\r\n3,30000000000000000000000000000003,,", csv);
        Assert.Contains("{\"result\":30000000000000000000000000000003}\n", await DownloadAsync("NDJSON"));

        await Detail.GetByText("Retry 1 failed").ClickAsync();
        await Expect(Detail.Locator("#detail-items")).ToHaveTextAsync("0 of 1, 1 failed");
    }

    [Fact]
    public async Task A_running_task_is_canceled_in_its_row()
    {
        string taskId = await Http.SubmitAsync();
        await Page.GotoAsync("/");
        await Row(taskId).GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Cancel" }).ClickAsync();
        await Expect(Row(taskId).Locator(".status")).ToHaveTextAsync("Canceled");
        await Row(taskId).Locator("a").ClickAsync();
        await Expect(Detail.Locator("#detail-error")).ToContainTextAsync("The task was canceled.");
        await Expect(Row(taskId).GetByRole(AriaRole.Button)).ToHaveTextAsync(["Retry"]);
    }

    [Long]
    [Fact]
    public async Task Selected_tasks_are_canceled_and_deleted_together()
    {
        string[] ids = [await Http.SubmitAsync(query: "?delay=600"), await Http.SubmitAsync(query: "?delay=600"), await Http.SubmitAsync(query: "?delay=600")];
        await Page.GotoAsync("/");
        ILocator selection = Page.Locator("#selection");
        await Page.GetByLabel("Select all").CheckAsync();
        await Expect(selection).ToContainTextAsync($"{await Rows.CountAsync()} selected");
        await Page.GetByText("Clear selection").ClickAsync();
        await Expect(selection).ToBeHiddenAsync();
        foreach (string id in ids[..2])
        {
            await Row(id).GetByRole(AriaRole.Checkbox).CheckAsync();
        }

        await Expect(selection).ToContainTextAsync("2 selected");
        await selection.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Cancel" }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Cancel 2 tasks?");
        await Page.GetByRole(AriaRole.Dialog).GetByText("Cancel them").ClickAsync();
        await Expect(Page.Locator("#toast")).ToHaveTextAsync("2 tasks canceled.");
        await Expect(Row(ids[0]).Locator(".status")).ToHaveTextAsync("Canceled");
        await Expect(Row(ids[1]).Locator(".status")).ToHaveTextAsync("Canceled");
        await Expect(Row(ids[2]).Locator(".status")).ToHaveTextAsync("Scheduled");

        await selection.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Delete" }).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Delete 2 tasks?");
        await Page.GetByRole(AriaRole.Dialog).GetByText("Keep").ClickAsync();
        await Expect(Row(ids[0])).ToBeVisibleAsync();
        await selection.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Delete" }).ClickAsync();
        await Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Delete" }).ClickAsync();
        await LeaveListAsync();
        await Expect(Row(ids[0])).ToHaveCountAsync(0);
        await Expect(Row(ids[1])).ToHaveCountAsync(0);
        await Expect(Row(ids[2])).ToBeVisibleAsync();
        await Expect(selection).ToBeHiddenAsync();
    }

    [Long]
    [Fact]
    public async Task A_failed_task_says_why_and_is_tried_again()
    {
        string taskId = await Http.SubmitAsync("1e200", "1e200");
        await Page.GotoAsync($"/?task={taskId}");
        await Expect(Detail.Locator("#detail-error")).ToContainTextAsync("not_finite");
        await Detail.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Retry" }).ClickAsync();
        await Expect(Detail.Locator("#detail-retry-of")).ToHaveTextAsync(taskId);
        await Expect(Page).Not.ToHaveURLAsync(new Regex(taskId));
        await Detail.Locator("#detail-retry-of").ClickAsync();
        await Expect(Detail.Locator("#detail-id")).ToHaveTextAsync(taskId);
    }

    [Fact]
    public async Task Filters_stand_in_the_address_and_the_back_button_takes_them_back()
    {
        string scheduled = await Http.SubmitAsync(query: "?delay=600");
        string canceled = await Http.SubmitAsync(query: "?delay=600");
        (await Http.CancelAsync(canceled)).Dispose();
        await Page.GotoAsync("/");
        await Expect(Row(scheduled)).ToBeVisibleAsync();
        await Page.Locator("#filters").GetByText("Canceled").ClickAsync();
        await Expect(Page).ToHaveURLAsync(new Regex(@"/\?status=Canceled$"));
        await Expect(Row(canceled)).ToBeVisibleAsync();
        await Expect(Row(scheduled)).ToHaveCountAsync(0);

        await Page.ReloadAsync();
        await Expect(Row(canceled)).ToBeVisibleAsync();
        await Expect(Page.Locator("#filters").GetByLabel("Canceled")).ToBeCheckedAsync();
        await Expect(Row(scheduled)).ToHaveCountAsync(0);

        await Page.GoBackAsync();
        await Expect(Row(scheduled)).ToBeVisibleAsync();
        await Expect(Page.Locator("#filters").GetByLabel("Canceled")).Not.ToBeCheckedAsync();

        await Page.GotoAsync("/?kind=nothing");
        await Expect(Page.GetByText("No task matches the filters.")).ToBeVisibleAsync();
        await Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Clear" }).ClickAsync();
        await Expect(Row(scheduled)).ToBeVisibleAsync();
    }

    [Long]
    [Fact]
    public async Task A_task_is_found_by_label_by_ID_and_by_time()
    {
        string label = $"Order {Guid.NewGuid():N}";
        string labelled = await Http.SubmitAsync(query: $"?delay=600&label={Uri.EscapeDataString(label)}");
        string other = await Http.SubmitAsync(query: "?delay=600");
        await Page.GotoAsync("/");
        await Expect(Row(labelled).Locator(".kind")).ToHaveTextAsync(label);
        ILocator search = Page.GetByPlaceholder("Label or ID");
        await search.FillAsync(label[..20]);
        await search.PressAsync("Enter");
        await Expect(Rows).ToHaveCountAsync(1);
        await Expect(Row(labelled)).ToBeVisibleAsync();
        await Page.ReloadAsync();
        await Expect(search).ToHaveValueAsync(label[..20]);

        await search.FillAsync(other);
        await search.PressAsync("Enter");
        await Expect(Detail.Locator("#detail-id")).ToHaveTextAsync(other);
        await Expect(search).ToHaveValueAsync("");

        await Page.Locator("#filters [name='since']").SelectOptionAsync("range");
        await Page.GetByLabel("Created before").FillAsync("2020-01-01T00:00");
        await Page.GetByLabel("Created before").BlurAsync();
        await Expect(Page.GetByText("No task matches the filters.")).ToBeVisibleAsync();
        await Page.GetByLabel("Created before").FillAsync("");
        await Page.GetByLabel("Created from").FillAsync($"{DateTime.Now.AddMinutes(-30):yyyy-MM-dd'T'HH:mm}");
        await Page.GetByLabel("Created from").BlurAsync();
        await Expect(Row(labelled)).ToBeVisibleAsync();
    }

    [Long]
    [Fact]
    public async Task With_Shift_all_between_are_selected()
    {
        string[] ids = [await Http.SubmitAsync(query: "?delay=600"), await Http.SubmitAsync(query: "?delay=600"), await Http.SubmitAsync(query: "?delay=600")];
        await Page.GotoAsync("/");
        await Row(ids[2]).GetByRole(AriaRole.Checkbox).ClickAsync();
        await Row(ids[0]).GetByRole(AriaRole.Checkbox).ClickAsync(new LocatorClickOptions { Modifiers = [KeyboardModifier.Shift] });
        await Expect(Page.Locator("#selection-text")).ToHaveTextAsync(new Regex("^([3-9]|1[0-9]) selected$"));
        await Expect(Row(ids[1]).GetByRole(AriaRole.Checkbox)).ToBeCheckedAsync();
    }

    [Long]
    [Fact]
    public async Task Times_are_the_readers_own_or_UTC_and_said_to_be()
    {
        string taskId = await Http.SubmitAsync(query: "?delay=600");
        await OpenWindowAsync(new BrowserNewContextOptions { TimezoneId = "Asia/Kolkata" });
        await Page.GotoAsync($"/?task={taskId}");
        ILocator zone = Page.Locator("#zone");
        await Expect(zone).ToHaveTextAsync(new Regex("^Asia/(Kolkata|Calcutta)$"));
        string own = (await Detail.Locator("#timeline time").First.TextContentAsync())!;
        await zone.ClickAsync();
        await Expect(zone).ToHaveTextAsync("UTC");
        await Expect(Detail.Locator("#timeline time").First).Not.ToHaveTextAsync(own);
        string utc = (await Http.GetTaskAsync(taskId)).GetProperty("created_at").GetDateTimeOffset().ToString("HH:mm:ss");
        await Expect(Detail.Locator("#timeline time").First).ToContainTextAsync(utc);
    }

    [Long]
    [Fact]
    public async Task More_tasks_come_on_demand_each_once()
    {
        List<string> ids = [];
        for (int i = 0; i < 45; i++)
        {
            ids.Add(await Http.SubmitAsync(query: "?delay=600"));
        }

        ids.Reverse();
        await Page.GotoAsync("/?status=Scheduled");
        await Expect(Rows).ToHaveCountAsync(20);
        ILocator more = Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Show more" });
        await more.ClickAsync();
        await Expect(Rows).ToHaveCountAsync(40);
        await more.ClickAsync();
        await Expect(Row(ids[^1])).ToBeVisibleAsync();
        string[] shown = await Rows.EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.id)");
        Assert.Equal(ids, shown[..45]);
        Assert.Equal(shown.Distinct(), shown);

        // They stay when the list is asked for anew.
        string newest = await Http.SubmitAsync(query: "?delay=600");
        await LeaveListAsync();
        await Expect(Row(newest)).ToBeVisibleAsync();
        Assert.Equal(shown.Length + 1, await Rows.CountAsync());
    }

    [Long]
    [Fact]
    public async Task A_task_and_its_filter_survive_a_reload()
    {
        string taskId = await Http.SubmitAsync(query: "?delay=600");
        await Page.GotoAsync("/?status=Scheduled");
        await Row(taskId).Locator("a").ClickAsync();
        await Expect(Detail.Locator("#detail-id")).ToHaveTextAsync(taskId);
        await Page.ReloadAsync();
        await Expect(Detail.Locator("#detail-id")).ToHaveTextAsync(taskId);
        await Expect(Detail.Locator("#timeline .what")).ToHaveTextAsync(["Created", "Starts"]);
        await Expect(Row(taskId)).ToHaveClassAsync(new Regex("current"));
        await Page.GoBackAsync();
        await Expect(Detail).ToBeHiddenAsync();
    }

    [Long]
    [Fact]
    public async Task It_waits_for_changes_and_rests_while_it_is_hidden()
    {
        string taskId = await Http.SubmitAsync();
        Task<IRequest> waiting = Page.WaitForRequestAsync(request =>
            request.Url.EndsWith($"/tasks/{taskId}")
            && request.Headers.TryGetValue("prefer", out string? prefer) && prefer.StartsWith("wait=")
            && request.Headers.ContainsKey("if-none-match"));
        await Page.GotoAsync("/");
        await waiting;

        await SetHiddenAsync(true);
        await Expect(Page.Locator("#live")).ToHaveTextAsync("Paused");
        int requests = 0;
        Page.Request += (_, _) => requests++;
        await Task.Delay(TimeSpan.FromSeconds(6));
        Assert.Equal(0, requests);

        await SetHiddenAsync(false);
        await Expect(Row(taskId).Locator(".status")).ToHaveTextAsync("Succeeded");
        await Expect(Page.Locator("#live")).ToHaveTextAsync("Live");
    }

    [Long]
    [Fact]
    public async Task With_nothing_but_tasks_for_later_the_list_is_asked_for_ever_more_seldom()
    {
        string taskId = await Http.SubmitAsync(query: "?delay=600");
        string listed = $$"""{"tasks": [{{(await Http.GetTaskAsync(taskId)).GetRawText()}}], "next": null}""";
        await Page.Clock.InstallAsync();
        await Page.RouteAsync("**/tasks?*", route => route.FulfillAsync(new RouteFulfillOptions { ContentType = "application/json", Body = listed }));
        int requests = 0;
        Page.Request += (_, request) => requests += request.Url.Contains("/tasks") ? 1 : 0;
        await Page.GotoAsync("/");
        await Expect(Row(taskId)).ToBeVisibleAsync();
        for (int second = 0; second < 300; second++)
        {
            await Page.Clock.RunForAsync(1_000);
        }

        Assert.InRange(requests, 3, 15);

        // Whoever comes back sees what is so now.
        requests = 0;
        await Page.Keyboard.PressAsync("Tab");
        await Eventually.AreEqual(true, () => Task.FromResult(requests > 0));
    }

    [Long]
    [Fact]
    public async Task Many_are_canceled_a_few_at_a_time_and_one_sees_how_far_it_is()
    {
        string[] ids = await Http.SubmitManyAsync(20, "?delay=600");
        await Page.GotoAsync("/?status=Scheduled");
        await Expect(Rows).ToHaveCountAsync(20);
        int atOnce = 0;
        int most = 0;
        await Page.RouteAsync("**/cancel", async route =>
        {
            most = Math.Max(most, Interlocked.Increment(ref atOnce));
            await Task.Delay(150);
            await route.ContinueAsync();
            Interlocked.Decrement(ref atOnce);
        });
        await Page.GetByLabel("Select all").CheckAsync();
        await Page.Locator("#cancel-selected").ClickAsync();
        await Page.GetByRole(AriaRole.Dialog).GetByText("Cancel them").ClickAsync();
        await Expect(Page.Locator("#bulk-text")).ToHaveTextAsync(new Regex("^([5-9]|1[0-9]) of 20$"));
        await Expect(Page.Locator("#toast")).ToHaveTextAsync("20 tasks canceled.");
        await Expect(Page.Locator("#bulk")).ToBeHiddenAsync();
        Assert.InRange(most, 2, 3);
    }

    [Fact]
    public async Task A_webhook_and_a_delay_go_with_the_submission()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(204);
        await Page.GotoAsync("/");
        await Page.GetByLabel("Delay").FillAsync("1.5");
        await Page.GetByRole(AriaRole.Textbox, new PageGetByRoleOptions { Name = "Webhook" }).FillAsync(receiver.Url);
        string taskId = await SubmitByFormAsync("6", "7");
        await Expect(Detail.Locator("#detail-webhook-url")).ToHaveTextAsync(receiver.Url);
        await Expect(Detail.Locator("#detail-result")).ToHaveTextAsync("42");
        await Expect(Detail.Locator("#detail-webhook")).ToHaveTextAsync("Delivered: 204 after 1 attempt.");
        await Expect(Detail.Locator("#timeline .what").Nth(1)).ToHaveTextAsync("Scheduled for");
        Assert.Contains(taskId, Assert.Single(receiver.Requests).Body);
        await Expect(Detail.Locator("#deliveries .what")).ToHaveTextAsync(["204"]);

        await Detail.GetByText("Send again").ClickAsync();
        await Expect(Detail.Locator("#deliveries .what")).ToHaveTextAsync(["204", "204"]);
        await Expect(Detail.Locator("#detail-webhook")).ToHaveTextAsync("Delivered: 204 after 2 attempts.");
        Assert.Equal(2, receiver.Requests.Count);
    }

    private async Task<string> DownloadAsync(string format)
    {
        IDownload download = await Page.RunAndWaitForDownloadAsync(() => Detail.Locator("#downloads").GetByText(format, new LocatorGetByTextOptions { Exact = true }).ClickAsync());
        return await File.ReadAllTextAsync(await download.PathAsync(), TestContext.Current.CancellationToken);
    }

    private async Task LeaveListAsync()
    {
        await Page.Mouse.MoveAsync(5, 5);
        await Page.Locator("#x").FocusAsync();
    }

    private async Task SetHiddenAsync(bool hidden) => await Page.EvaluateAsync(
        "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }",
        hidden);
}
