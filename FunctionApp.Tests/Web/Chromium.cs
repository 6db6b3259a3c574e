using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(FunctionApp.Tests.Web.Chromium))]

namespace FunctionApp.Tests.Web;

/// <summary>
/// A real browser for all tests: Debian's Chromium, or the one that the environment variable CHROMIUM names. Starts with the first test
/// that asks.
/// </summary>
public sealed class Chromium : IAsyncDisposable
{
    private static readonly string Executable = Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } path ? path : "/usr/bin/chromium";

    private readonly Lazy<Task<IPlaywright>> _playwright = new(Playwright.CreateAsync);
    private readonly Lazy<Task<IBrowser>> _browser;

    public Chromium() => _browser = new(StartAsync);

    public async ValueTask DisposeAsync()
    {
        if (_browser.IsValueCreated)
        {
            await (await _browser.Value).DisposeAsync();
            (await _playwright.Value).Dispose();
        }
    }

    /// <summary>A window of its own, without cookies or storage of others. Skips the test where there is no browser.</summary>
    public async Task<IBrowserContext> OpenAsync(BrowserNewContextOptions options)
    {
        Assert.SkipUnless(
            File.Exists(Executable),
            $"There is no Chromium at {Executable}. Install it ('apt-get install chromium'), or name another one in the environment variable CHROMIUM.");
        return await (await _browser.Value).NewContextAsync(options);
    }

    private async Task<IBrowser> StartAsync()
    {
        // Five seconds, the default, are not enough on a busy machine.
        Assertions.SetDefaultExpectTimeout(20_000);
        return await (await _playwright.Value).Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Executable,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync",
            ],
        });
    }
}
