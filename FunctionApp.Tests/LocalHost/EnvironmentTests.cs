using FunctionApp.LocalHost;

namespace FunctionApp.Tests.LocalHost;

/// <summary>Environments that people start the host in.</summary>
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

    [Theory]
    [InlineData("Kestrel__Endpoints__Http__Url")]
    [InlineData("ASPNETCORE_Kestrel__Endpoints__Http__Url")]
    [InlineData("ASPNETCORE_URLS")]
    public async Task Endpoints_of_other_servers_are_not_its_own(string variable)
    {
        Settings[variable] = "http://127.0.0.1:9";
        await using LocalHostProcess host = await StartAsync();

        Assert.Equal("4.6", await host.Http.WaitForResultAsync(await host.Http.SubmitAsync()));
    }

    [Fact]
    public async Task Without_a_home_it_starts_without_a_word()
    {
        Settings["HOME"] = null;
        await using LocalHostProcess host = await StartAsync();

        Assert.Equal("4.6", await host.Http.WaitForResultAsync(await host.Http.SubmitAsync()));
        Assert.DoesNotContain(host.Output, line => line.Contains("DataProtection") || line.StartsWith("warn"));
        Assert.Empty(host.Errors);
    }
}
