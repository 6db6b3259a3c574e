using System.Runtime.InteropServices;
using DurableLocalHost;

namespace FunctionApp.Tests.LocalHost;

/// <summary>Environments that people start the host in.</summary>
[Long]
public sealed class EnvironmentTests : LocalHostTest
{
    // Nothing answers there.
    private const string DeadEnd = "http://127.0.0.1:9";

    [Theory]
    [InlineData(StorageProvider.Sqlite)]
    [InlineData(StorageProvider.AzureStorage)]
    public async Task A_proxy_is_not_used_on_the_loopback_interface(StorageProvider storage)
    {
        (Settings["HTTP_PROXY"], Settings["http_proxy"], Settings["ALL_PROXY"], Settings["NO_PROXY"]) = (DeadEnd, DeadEnd, DeadEnd, "localhost,example.com");
        await using LocalHostProcess host = await StartAsync(storage);

        Assert.Equal("4.6", await host.Http.WaitForResultAsync(await host.Http.SubmitAsync()));
    }

    [Fact]
    public async Task Endpoints_of_other_servers_are_not_its_own()
    {
        foreach (string variable in new[] { "Kestrel__Endpoints__Http__Url", "ASPNETCORE_Kestrel__Endpoints__Http__Url", "ASPNETCORE_URLS" })
        {
            Settings[variable] = DeadEnd;
        }

        await using LocalHostProcess host = await StartAsync();

        Assert.Equal("4.6", await host.Http.WaitForResultAsync(await host.Http.SubmitAsync()));
    }

    [Fact]
    public async Task Without_a_home_it_starts_without_a_word()
    {
        (Settings["HOME"], Settings["XDG_DATA_HOME"]) = (null, "/nowhere");
        await using LocalHostProcess host = await StartAsync();

        Assert.Equal("4.6", await host.Http.WaitForResultAsync(await host.Http.SubmitAsync()));
        Assert.DoesNotContain(host.Output, line => line.Contains("DataProtection") || line.StartsWith("warn"));
        Assert.Empty(host.Errors);
    }

    [Fact]
    public async Task That_hot_reload_does_not_reach_the_app_is_said()
    {
        string sdks = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../sdk"));
        string? agent = Directory.Exists(sdks)
            ? Directory.EnumerateFiles(sdks, "Microsoft.Extensions.DotNetDeltaApplier.dll", SearchOption.AllDirectories).FirstOrDefault(file => file.Contains("net10.0"))
            : null;
        Assert.SkipWhen(agent is null, "Needs dotnet watch.");
        // What dotnet watch does.
        (Settings["DOTNET_STARTUP_HOOKS"], Settings["ASPNETCORE_HOSTINGSTARTUPASSEMBLIES"]) = (agent, "Microsoft.AspNetCore.Watch.BrowserRefresh");
        await using LocalHostProcess host = await StartAsync();

        Assert.Contains(host.Output, line => line.Contains("dotnet watch --no-hot-reload"));
        Assert.DoesNotContain(host.Output.Concat(host.Errors), line => line.Contains("BrowserRefresh") || line.Contains("   at "));
    }
}
