using DurableLocalHost;
using FunctionApp.Tests.Api;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace FunctionApp.Tests.Web;

/// <summary>An app without other tests' tasks.</summary>
public sealed class PictureApi() : ApiHost(StorageProvider.Sqlite, TimeSpan.FromSeconds(12));

/// <summary>
/// The picture of the page in the README: tasks in every state, as a user sees them. With PAGE_PICTURE=write in the
/// environment it replaces docs/page.png.
/// </summary>
[Long]
[Collection(nameof(RunsAlone))]
public sealed class PagePicture(PictureApi api, Chromium chromium) : IClassFixture<PictureApi>
{
    [Fact]
    public async Task The_page_shows_tasks_in_every_state()
    {
        await using IBrowserContext window = await chromium.OpenAsync(new BrowserNewContextOptions
        {
            BaseURL = api.Http.BaseAddress!.ToString(),
            Locale = "en-GB",
            ViewportSize = new ViewportSize { Width = 1240, Height = 720 },
            DeviceScaleFactor = 1.5f,
            ReducedMotion = ReducedMotion.Reduce,
        });
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(204);
        string done = await api.Http.SubmitAsync("1234567890123456789012345678901", "3", $"?webhook={receiver.Url}");
        await api.Http.SubmitAsync("1e200", "1e200");
        string canceled = await api.Http.SubmitAsync();
        await Task.Delay(TimeSpan.FromSeconds(2));
        (await api.Http.CancelAsync(canceled)).Dispose();
        await Eventually.AreEqual(true, async () => (await api.Http.GetTaskAsync(done)).GetProperty("webhook").GetProperty("done").GetBoolean());
        IPage page = await window.NewPageAsync();
        await page.GotoAsync($"/?task={done}");
        await Expect(page.Locator("#detail-webhook")).ToContainTextAsync("Delivered: 204");
        foreach ((string x, string y) in new[] { ("6", "7"), ("2.3", "2") })
        {
            string taskId = await api.Http.SubmitAsync(x, y);
            ILocator progress = page.Locator($"#rows tr[data-id='{taskId}'] progress");
            await Expect(progress).ToBeVisibleAsync();
            await Expect(progress).Not.ToHaveJSPropertyAsync("value", 0);
        }

        string scheduled = await api.Http.SubmitAsync(query: "?delay=7200");
        await Expect(page.Locator($"#rows tr[data-id='{scheduled}']")).ToBeVisibleAsync();
        byte[] picture = await page.ScreenshotAsync(new PageScreenshotOptions { Animations = ScreenshotAnimations.Disabled });
        string[] statuses = await page.Locator("#rows .status").EvaluateAllAsync<string[]>("all => all.map(one => one.textContent)");
        Assert.Superset(new HashSet<string> { "Scheduled", "Running", "Canceled", "Failed", "Succeeded" }, statuses.ToHashSet());

        if (Environment.GetEnvironmentVariable("PAGE_PICTURE") == "write")
        {
            await File.WriteAllBytesAsync(Path.Combine(TestsFolder.Path, "..", "docs", "page.png"), picture, TestContext.Current.CancellationToken);
        }
    }
}
