using FunctionApp.Tests.Api;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace FunctionApp.Tests.Web;

/// <summary>The page can be seen and hit: in high contrast, in the dark, on a phone, in half a window.</summary>
[Long]
[Collection<SlowCollection>]
public sealed class PageLooksTests(SlowApi api, Chromium chromium) : PageTest(api, chromium)
{
    [Fact]
    public async Task High_contrast_shows_progress_states_and_what_is_chosen()
    {
        string taskId = await Http.SubmitAsync(query: "?delay=600");
        string running = await Http.SubmitAsync();
        await OpenWindowAsync(new BrowserNewContextOptions { ForcedColors = ForcedColors.Active });
        await Page.GotoAsync($"/?task={taskId}");
        await Expect(Detail.Locator("#timeline li").First).ToBeVisibleAsync();
        await Expect(Row(running).Locator(".status")).ToHaveTextAsync("Succeeded");

        // A bar that is full differs from its edge, and from one that is empty.
        await Expect(Row(running).Locator("progress")).ToHaveJSPropertyAsync("value", 1);
        Assert.True(await CountColorsAsync(Row(running).Locator("progress")) >= 2);
        Assert.NotEqual(
            await MiddleColorAsync(Row(running).Locator("progress")), await MiddleColorAsync(Detail.Locator("#detail-progress")));
        foreach (string dot in new[] { "#rows .status", "#live", "#timeline li" })
        {
            Assert.NotEqual("0px", await Page.Locator(dot).First.EvaluateAsync<string>("one => getComputedStyle(one, '::before').borderTopWidth"));
        }

        await AssertDiffersAsync("#filters [value='Scheduled'] + span", "#filters [value='Failed'] + span", "#filters [value='Scheduled']");
        await AssertDiffersAsync(".segments [value='single'] + span", ".segments [value='batch'] + span", null);
    }

    [Theory]
    [InlineData(ColorScheme.Dark)]
    [InlineData(ColorScheme.Light)]
    public async Task The_chosen_segment_is_seen(ColorScheme scheme)
    {
        await OpenWindowAsync(new BrowserNewContextOptions { ColorScheme = scheme });
        await Page.GotoAsync("/");
        double contrast = await Page.EvaluateAsync<double>(
            """
            () => {
              const luminance = color => {
                const canvas = new OffscreenCanvas(1, 1).getContext('2d');
                canvas.fillStyle = color;
                canvas.fillRect(0, 0, 1, 1);
                const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(x => x / 255).map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
              };
              const back = selector => luminance(getComputedStyle(document.querySelector(selector)).backgroundColor);
              const [a, b] = [back('.segments input:checked + span'), back('.segments')].sort();
              return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            }
            """);
        Assert.True(contrast >= 3, $"The contrast is {contrast}.");
    }

    [Fact]
    public async Task At_360_px_nothing_in_a_row_touches_and_checkboxes_are_large_enough()
    {
        string taskId = await Http.SubmitAsync("1e200", "1e200", "?label=A%20rather%20long%20label%20that%20does%20not%20fit%20into%20a%20line");
        await Http.WaitForStatusAsync(taskId, "Failed");
        await OpenWindowAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 360, Height = 740 } });
        await Page.GotoAsync("/");
        await Expect(Row(taskId)).ToBeVisibleAsync();
        string[] touching = await Row(taskId).EvaluateAsync<string[]>(
            """
            row => {
              const boxes = [...row.querySelectorAll('input, .open, .brief, .status, progress, .percent:not(:empty), time, .duration, button:not(.away)')]
                .map(one => [one.className || one.localName, one.getBoundingClientRect()]).filter(([, box]) => box.width > 0);
              return boxes.flatMap(([a, one], i) => boxes.slice(i + 1)
                .filter(([, other]) => one.left < other.right + 4 && other.left < one.right + 4 && one.top < other.bottom && other.top < one.bottom)
                .map(([b]) => `${a} touches ${b}`));
            }
            """);
        Assert.Empty(touching);
        LocatorBoundingBoxResult box = (await Row(taskId).GetByRole(AriaRole.Checkbox).BoundingBoxAsync())!;
        Assert.True(box is { Width: >= 24, Height: >= 24 }, $"The checkbox has {box.Width} x {box.Height} px.");
        Assert.Equal(360, await Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
    }

    [Theory]
    [InlineData(800)]
    [InlineData(1_000)]
    public async Task In_half_a_window_a_task_stands_beside_the_list(int width)
    {
        string taskId = await Http.SubmitAsync(query: "?delay=600");
        await OpenWindowAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = width, Height = 700 } });
        await Page.GotoAsync("/");
        await Row(taskId).Locator("a").ClickAsync();
        await Expect(Detail.Locator("#detail-status")).ToBeVisibleAsync();
        await Expect(Row(taskId).GetByText("Cancel")).ToBeVisibleAsync();
        Assert.Equal(width, await Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
    }

    [Fact]
    public async Task Progress_is_read_once_and_a_countdown_is_no_duration()
    {
        string scheduled = await Http.SubmitAsync(query: "?delay=600");
        await Page.GotoAsync("/");
        await Expect(Row(scheduled).Locator(".starts")).ToContainTextAsync("starts in 9 min");
        await Expect(Row(scheduled).Locator(".duration")).ToHaveTextAsync("–");
        string taskId = await Http.SubmitAsync();
        await Expect(Row(taskId).Locator(".status")).ToHaveTextAsync("Succeeded");
        await Expect(Row(taskId)).ToMatchAriaSnapshotAsync("- progressbar \"Progress\"");
        Assert.DoesNotContain("text: 100 %", await Row(taskId).AriaSnapshotAsync());
        Assert.DoesNotContain("cell \"Progress 100 %", await Row(taskId).AriaSnapshotAsync());
    }

    private async Task AssertDiffersAsync(string chosen, string other, string? choose)
    {
        if (choose is not null)
        {
            await Page.Locator(choose).CheckAsync(new LocatorCheckOptions { Force = true });
        }

        Assert.NotEqual(await MiddleColorAsync(Page.Locator(chosen), edge: true), await MiddleColorAsync(Page.Locator(other), edge: true));
    }

    private async Task<int> CountColorsAsync(ILocator what) => (await PixelsAsync(what)).Distinct().Count();

    private async Task<int> MiddleColorAsync(ILocator what, bool edge = false)
    {
        int[] pixels = await PixelsAsync(what);
        // Near the edge there is no text.
        return pixels[edge ? 5 : pixels.Length / 2];
    }

    /// <summary>The colors of the line in the middle, as painted: computed styles do not tell what forced colors make of them.</summary>
    private async Task<int[]> PixelsAsync(ILocator what)
    {
        byte[] picture = await what.ScreenshotAsync();
        return await Page.EvaluateAsync<int[]>(
            """
            async base64 => {
              const image = new Image();
              image.src = `data:image/png;base64,${base64}`;
              await image.decode();
              const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d');
              canvas.drawImage(image, 0, 0);
              const line = canvas.getImageData(0, Math.floor(image.height / 2), image.width, 1).data;
              return Array.from({ length: image.width }, (_, i) => line[4 * i] << 16 | line[4 * i + 1] << 8 | line[4 * i + 2]);
            }
            """,
            Convert.ToBase64String(picture));
    }
}
