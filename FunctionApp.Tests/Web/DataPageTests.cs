using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using FunctionApp.Tests.Api;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace FunctionApp.Tests.Web;

/// <summary>Files and logs on the page.</summary>
[Long]
[Collection<SqliteDataCollection>]
public sealed class DataPageTests(SqliteDataApi api, Chromium chromium) : PageTest(api, chromium)
{
    private readonly HttpClient _http = api.Http;

    [Fact]
    public async Task The_log_is_shown_while_the_task_runs_and_its_end_is_followed_unless_the_reader_has_scrolled_up()
    {
        string taskId = await SubmitAsync("?lines=100&seconds=5&failures=1");
        await Page.GotoAsync($"/?task={taskId}");
        ILocator log = Detail.Locator("#detail-log");

        await Expect(log).ToContainTextAsync("[1] line 100 ");
        await Expect(Detail.Locator("#detail-status")).ToHaveTextAsync("Running");
        Assert.True(await IsAtEndAsync(log));
        await Expect(log).ToContainTextAsync("[1] The attempt failed: The feed was down.");
        Assert.True(await IsAtEndAsync(log));
        await log.EvaluateAsync("box => { box.scrollTop = 0; }");
        await Expect(log).ToContainTextAsync("[2] line 100 ");
        Assert.Equal(0, await log.EvaluateAsync<int>("box => box.scrollTop"));
        await Expect(Detail.Locator("#detail-status")).ToHaveTextAsync("Succeeded");
        await Expect(Detail.Locator("#timeline .what")).ToHaveTextAsync(
            ["Created", "Attempt 1 failed: The feed was down.", "Started, attempt 2", "Succeeded", "Will be deleted"]);
        await Expect(Detail.Locator("#timeline li").Nth(1).Locator("time")).ToHaveTextAsync(new Regex(@"\(\+[1-9]\d*(\.\d)? s\)$"));
        await AxeAsync("a task with files and a log");
    }

    [Fact]
    public async Task Files_are_named_with_their_sizes_and_downloaded_by_a_click()
    {
        string taskId = await SubmitAsync("?files=1");
        int logs = 0;
        Page.Request += (_, request) => logs += request.Url.Contains("/log") ? 1 : 0;
        await Page.GotoAsync($"/?task={taskId}");

        await Expect(Detail.Locator("#detail-files li")).ToHaveTextAsync(["table.csv 12 bytes", "copy.bin 12 bytes", "file-0.txt 19 bytes"]);
        await Expect(Detail.Locator("#detail-log-part")).ToBeHiddenAsync();
        await Expect(Detail.Locator("#timeline .what")).ToHaveTextAsync(["Created", "Started, attempt 1", "Succeeded", "Will be deleted"]);
        Assert.Equal(0, logs);
        IDownload download = await Page.RunAndWaitForDownloadAsync(() => Detail.GetByText("copy.bin").ClickAsync());
        Assert.Equal("copy.bin", download.SuggestedFilename);
        using var file = new StreamReader(await download.CreateReadStreamAsync());
        Assert.Equal("a,b\n1,2\n3,4\n", await file.ReadToEndAsync());
    }

    private static Task<bool> IsAtEndAsync(ILocator log) =>
        log.EvaluateAsync<bool>("box => box.scrollHeight > box.clientHeight && box.scrollHeight - box.scrollTop - box.clientHeight < 8");

    private async Task<string> SubmitAsync(string query)
    {
        using var body = new ByteArrayContent("a,b\n1,2\n3,4\n"u8.ToArray());
        body.Headers.ContentType = new MediaTypeHeaderValue("text/csv");
        body.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment") { FileName = "table.csv" };
        using HttpResponseMessage accepted = await _http.PostAsync($"/digest{query}", body);
        return await accepted.ReadTaskIdAsync();
    }
}
