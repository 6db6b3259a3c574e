using System.Net;

namespace FunctionApp.Tests.LocalHost;

/// <summary>local.settings.json, as Core Tools reads it.</summary>
public sealed class LocalSettingsTests : SampleTest
{
    [Fact]
    public async Task Its_port_origins_connection_strings_and_disabled_functions_count()
    {
        int port = FindFreePort();
        await WriteLocalSettingsAsync($$"""
            {
              // As Core Tools has it.
              "IsEncrypted": false,
              "Values": { "AzureWebJobs.Throw.Disabled": true, "AzureWebJobs.Received.Disabled": "0", "Own": "value" },
              "Host": { "LocalHttpPort": {{port}}, "CORS": "https://a.example, https://b.example", "CORSCredentials": true },
              "ConnectionStrings": { "One": "first", "Two": { "ConnectionString": "second", "ProviderName": "p" } },
            }
            """);
        await using LocalHostProcess host = await StartSampleAsync("--storage", "Sqlite");

        Assert.Equal(port, host.Http.BaseAddress!.Port);
        Assert.Contains(host.Output, line => line.Contains("Throw: [GET]") && line.EndsWith("(disabled)"));
        Assert.Equal(HttpStatusCode.NotFound, (await host.Http.GetAsync("/api/throw")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Http.GetAsync("/api/received")).StatusCode);
        Assert.Equal("value", await host.Http.GetStringAsync("/api/setting?name=Own"));
        Assert.Equal("first", await host.Http.GetStringAsync("/api/setting?name=ConnectionStrings__One"));
        Assert.Equal("second", await host.Http.GetStringAsync("/api/setting?name=ConnectionStrings__Two"));

        using HttpResponseMessage answer = await host.Http.GetAsync("/api/received", ("Origin", "https://b.example"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(["https://b.example"], answer.Headers.GetValues("Access-Control-Allow-Origin"));
        Assert.Equal(["true"], answer.Headers.GetValues("Access-Control-Allow-Credentials"));
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/api/receive");
        preflight.Headers.Add("Origin", "https://a.example");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        preflight.Headers.Add("Access-Control-Request-Headers", "idempotency-key");
        using HttpResponseMessage allowed = await host.Http.SendAsync(preflight);
        Assert.Equal(HttpStatusCode.NoContent, allowed.StatusCode);
        Assert.Equal(["POST"], allowed.Headers.GetValues("Access-Control-Allow-Methods"));
        Assert.Equal(["idempotency-key"], allowed.Headers.GetValues("Access-Control-Allow-Headers"));
    }

    [Theory]
    [InlineData("{\n  \"Values\": {\n    \"A\": \"b\"\n    \"C\": \"d\"\n  }\n}", "cannot be read: line 4, position 5: ")]
    [InlineData("{ \"Values\": { \"A\": \"1\", \"a\": \"2\" } }", "cannot be read: A duplicate key 'Values:a' was found")]
    [InlineData("{ \"IsEncrypted\": true, \"Values\": { \"A\": \"CfDJ8\" } }", "is encrypted, and the key is Core Tools': decrypt it by 'func settings decrypt'")]
    [InlineData("{ \"Host\": { \"LocalHttpPort\": 70000 } }", "has \"70000\" for Host.LocalHttpPort, which must be a port")]
    [InlineData("{ \"Host\": { \"CORS\": \"*\", \"CORSCredentials\": true } }", "has Host.CORSCredentials for any origin")]
    public async Task One_that_cannot_be_used_is_refused(string json, string expected)
    {
        string path = await WriteLocalSettingsAsync(json);

        await AssertRefusedAsync(LaunchSample("--urls", "http://127.0.0.1:0"), $"{path} {expected}");
    }

    [Long]
    [Fact]
    public async Task An_app_without_one_does_not_inherit_anothers()
    {
        Settings["SlowMultiply__Timeout"] = null; // an app that runs in this process may have it in the environment
        await using LocalHostProcess host = await StartSampleAsync();

        Assert.Equal("(none)", await host.Http.GetStringAsync("/api/setting?name=SlowMultiply__Timeout"));
        Assert.Equal("Development", await host.Http.GetStringAsync("/api/setting?name=AZURE_FUNCTIONS_ENVIRONMENT"));
    }
}
