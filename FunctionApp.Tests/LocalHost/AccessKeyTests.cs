using System.Net;
using System.Text.Json;
using DurableLocalHost;

namespace FunctionApp.Tests.LocalHost;

/// <summary>A host that asks its callers for keys, and each of whose answers has a header from host.json.</summary>
public sealed class KeyedHost() : DurableHost(
    StorageProvider.Sqlite,
    inProcess: false,
    keys: true,
    ("AzureFunctionsJobHost__extensions__http__customHeaders__X-Content-Type-Options", "nosniff"));

/// <summary>The levels of authorization, as in Azure.</summary>
public sealed class AccessKeyTests(KeyedHost host) : IClassFixture<KeyedHost>
{
    private const string Instances = "/runtime/webhooks/durabletask/instances";

    private AccessKeys Keys => host.Host.Keys;

    private string? Find(string? key) => key switch
    {
        "master" => Keys.Master,
        "host" => Keys.Host,
        "durable" => Keys.Durable,
        null or "" or "wrong" => key,
        _ => Keys.Functions[key],
    };

    [Theory]
    [InlineData("/api/received", null, HttpStatusCode.OK)]
    [InlineData("/api/received", "wrong", HttpStatusCode.OK)]
    [InlineData("/api/guarded", null, HttpStatusCode.Unauthorized)]
    [InlineData("/api/guarded", "", HttpStatusCode.Unauthorized)]
    [InlineData("/api/guarded", "wrong", HttpStatusCode.Unauthorized)]
    [InlineData("/api/guarded", "Guarded", HttpStatusCode.OK)]
    [InlineData("/api/guarded", "Received", HttpStatusCode.Unauthorized)]
    [InlineData("/api/guarded", "host", HttpStatusCode.OK)]
    [InlineData("/api/guarded", "durable", HttpStatusCode.Unauthorized)]
    [InlineData("/api/guarded", "master", HttpStatusCode.OK)]
    [InlineData("/api/restricted", null, HttpStatusCode.Unauthorized)]
    [InlineData("/api/restricted", "Restricted", HttpStatusCode.Unauthorized)]
    [InlineData("/api/restricted", "host", HttpStatusCode.Unauthorized)]
    [InlineData("/api/restricted", "master", HttpStatusCode.OK)]
    [InlineData("/admin/host/ping", null, HttpStatusCode.OK)]
    [InlineData("/admin/host/status", null, HttpStatusCode.Unauthorized)]
    [InlineData("/admin/host/status", "host", HttpStatusCode.Forbidden)]
    [InlineData("/admin/host/status", "master", HttpStatusCode.OK)]
    [InlineData("/admin/functions", null, HttpStatusCode.Unauthorized)]
    [InlineData("/admin/functions/Guarded", "durable", HttpStatusCode.Forbidden)]
    [InlineData("/admin/functions/Guarded", "master", HttpStatusCode.OK)]
    [InlineData(Instances, null, HttpStatusCode.Unauthorized)]
    [InlineData(Instances, "wrong", HttpStatusCode.Unauthorized)]
    [InlineData(Instances, "host", HttpStatusCode.Forbidden)]
    [InlineData(Instances, "durable", HttpStatusCode.OK)]
    [InlineData(Instances, "master", HttpStatusCode.OK)]
    [InlineData("/", null, HttpStatusCode.OK)]
    public async Task A_level_asks_for_its_keys(string path, string? key, HttpStatusCode expected)
    {
        string? value = Find(key);
        using var byHeader = new HttpRequestMessage(HttpMethod.Get, path);
        byHeader.Headers.TryAddWithoutValidation("x-functions-key", value);
        using HttpResponseMessage headed = await host.Host.Http.SendAsync(byHeader);
        using HttpResponseMessage queried = await host.Host.Http.GetAsync($"{path}{(value is null ? "" : $"?code={value}")}");

        Assert.Equal((expected, expected), (headed.StatusCode, queried.StatusCode));
        Assert.Equal(["nosniff"], headed.Headers.GetValues("X-Content-Type-Options"));
        if (expected is not HttpStatusCode.OK)
        {
            Assert.Empty(await headed.Content.ReadAsByteArrayAsync());
        }
    }

    [Fact]
    public async Task The_header_goes_before_the_query()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/guarded?code={Keys.Host}") { Headers = { { "x-functions-key", "wrong" } } };
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Host.Http.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task The_links_of_an_instance_hold_a_key_with_which_they_work()
    {
        string id = (await host.RunAsync("Echoes", "a")).InstanceId;
        JsonElement links = await host.Host.Http.GetJsonAsync($"/api/manage?id={id}");
        string status = links.GetProperty("statusQueryGetUri").GetString()!;

        Assert.Contains($"code={Keys.Durable}", status);
        Assert.Equal("a a", (await host.Host.Http.GetJsonAsync(status)).GetProperty("output").GetString());
        using HttpResponseMessage purged = await host.Host.Http.DeleteAsync(links.GetProperty("purgeHistoryDeleteUri").GetString());
        Assert.Equal(HttpStatusCode.OK, purged.StatusCode);
    }

    [Fact]
    public async Task They_outlive_a_restart()
    {
        AccessKeys before = Keys;
        await host.Host.RestartAsync();
        Assert.Equivalent(before, Keys, strict: true);
        Assert.Equal(HttpStatusCode.OK, (await host.Host.Http.GetAsync($"/api/guarded?code={before.Functions["Guarded"]}")).StatusCode);
    }
}

/// <summary>The file with the keys.</summary>
public sealed class AccessKeyFileTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("keys-");

    private string File => Path.Combine(_data.FullName, "keys.json");

    public void Dispose() => _data.Delete(recursive: true);

    [Fact]
    public void A_function_that_is_new_gets_a_key_and_the_others_keep_theirs()
    {
        var first = AccessKeys.Open(_data.FullName, [Function("A", "httpTrigger"), Function("T", "timerTrigger")]);
        var second = AccessKeys.Open(_data.FullName, [Function("B", "httpTrigger"), Function("A", "httpTrigger")]);

        Assert.Equal(["A"], first.Functions.Keys);
        Assert.Equal(["A", "B"], second.Functions.Keys.Order());
        Assert.Equal((first.Master, first.Host, first.Durable, first.Functions["A"]), (second.Master, second.Host, second.Durable, second.Functions["a"]));
        string[] all = [second.Master, second.Host, second.Durable, .. second.Functions.Values];
        Assert.All(all, key => Assert.True(key.Length >= 40 && Uri.EscapeDataString(key) == key));
        Assert.Equal(all.Length, all.Distinct().Count());
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        }
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("null")]
    [InlineData("""{ "master": "a" }""")]
    public void One_that_cannot_be_read_is_refused(string content)
    {
        System.IO.File.WriteAllText(File, content);
        LocalHostException e = Assert.Throws<LocalHostException>(() => AccessKeys.Open(_data.FullName, []));
        Assert.StartsWith($"The keys in {File} cannot be used: ", e.Message);
        Assert.Equal(content, System.IO.File.ReadAllText(File));
    }

    private static AppFunction Function(string name, string trigger) => new(
        name, "dotnet-isolated", [new Binding(trigger, "x", null, null, null, null, null, null, null, null, null, null)]);
}
