using FunctionApp.Multiply;
using FunctionApp.Tasks;
using FunctionApp.Tasks.Webhooks;
using Microsoft.Extensions.Configuration;

namespace FunctionApp.Tests.Unit;

public class SettingsTests
{
    [Theory]
    [InlineData("SlowMultiply:Delay", "abc")]
    [InlineData("SlowMultiply:Delay", "-00:00:01")]
    [InlineData("SlowMultiply:Delay", "5")]
    [InlineData("SlowMultiply:Delay", "0:0:5")]
    [InlineData("SlowMultiply:Delay", "00:05")]
    [InlineData("SlowMultiply:Delay", "00:00:05\n")]
    [InlineData("SlowMultiply:Delay", "99999999.00:00:00")]
    [InlineData("SlowMultiply:Timeout", "24:00:00")]
    [InlineData("SlowMultiply:Timeout", "00:00:00")]
    [InlineData("SlowMultiply:Timeout", "100.00:00:00")]
    [InlineData("Retention:Days", "-1")]
    [InlineData("Retention:Days", "36501")]
    [InlineData("Webhook:Secret", "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0")]
    [InlineData("Webhook:Secret", "whsec_c2VjcmV0")]
    [InlineData("Webhook:Secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw whsec_c2VjcmV0")]
    [InlineData("Webhook:MaxDeliveries", "0")]
    [InlineData("Webhook:MaxDeliveries", "many")]
    [InlineData("Waiting:MaxRequests", "-1")]
    [InlineData("ResultsTable", "1x")]
    [InlineData("ResultsTable", "x12345678901234567890123456789012345678901234567890123456789")]
    [InlineData("ResultsTable", "results\n")]
    [InlineData("PathPrefix", "api")]
    [InlineData("PathPrefix", "//example.org")]
    [InlineData("AzureWebJobsStorage", "")]
    [InlineData("AzureWebJobsStorage", "AccountKey=c2VjcmV0")]
    public void A_wrong_setting_is_named_on_one_line(string name, string value)
    {
        IConfiguration configuration = Configure(("AzureWebJobsStorage", "UseDevelopmentStorage=true"), (name, value));

        StartupException e = Assert.Throws<StartupException>(() =>
        {
            StorageAccount.ConnectInteractive(configuration);
            StorageAccount.ReadTableName(configuration, "ResultsTable", "results");
            _ = new PathPrefix(configuration);
            SlowMultiplyOptions.Read(new(), configuration);
            RetentionSettings.Read(new(), configuration);
            WebhookSettings.Read(new(), configuration);
            WaitingSettings.Read(new(), configuration);
        });

        Assert.Contains(name.Replace(":", "__"), e.Message);
        Assert.DoesNotContain('\n', e.Message);
        Assert.DoesNotContain("c2VjcmV0", e.Message);
    }

    [Theory]
    [InlineData("1.01:00:00", 25 * 60 * 60)]
    [InlineData("00:00:00.5000000", 0.5)]
    [InlineData("24.00:00:00", 24 * 24 * 60 * 60)]
    public void A_time_span_is_days_hours_minutes_and_seconds(string text, double seconds)
    {
        var options = new SlowMultiplyOptions();
        SlowMultiplyOptions.Read(options, Configure(("SlowMultiply:Timeout", text)));
        Assert.Equal(seconds, options.Timeout.TotalSeconds);
    }

    [Theory]
    [InlineData("AzureWebJobsStorage:tableServiceUri", "ftp://mine.example/")]
    [InlineData("AzureWebJobsStorage:tableServiceUri", "/mine")]
    [InlineData("AzureWebJobsStorage:accountName", "my account")]
    public void Storage_is_somewhere_on_the_web(string name, string value) =>
        Assert.Contains(value, Assert.Throws<StartupException>(() => StorageAccount.ConnectInteractive(Configure((name, value)))).Message);

    [Fact]
    public void An_empty_setting_is_its_default()
    {
        IConfiguration configuration = Configure(
            ("SlowMultiply:Delay", ""), ("Retention:Days", ""), ("Webhook:Secret", ""), ("Webhook:MaxDeliveries", ""), ("Waiting:MaxRequests", ""));
        var multiply = new SlowMultiplyOptions();
        SlowMultiplyOptions.Read(multiply, configuration);
        var retention = new RetentionSettings();
        RetentionSettings.Read(retention, configuration);
        var webhooks = new WebhookSettings();
        WebhookSettings.Read(webhooks, configuration);

        Assert.Equal((TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(5)), (multiply.Delay, multiply.Timeout));
        Assert.Equal(TimeSpan.FromDays(30), retention.Period);
        Assert.Equal((null, null), (webhooks.Secret, webhooks.MaxDeliveries));
        Assert.Empty(webhooks.Secrets);
    }

    [Theory]
    [InlineData("AzureWebJobsStorage", "UseDevelopmentStorage=true", "http://127.0.0.1:10002/devstoreaccount1")]
    [InlineData("AzureWebJobsStorage:accountName", "mine", "https://mine.table.core.windows.net/")]
    [InlineData("AzureWebJobsStorage:tableServiceUri", "https://mine.table.example", "https://mine.table.example/")]
    public void Storage_is_named_by_connection_string_or_by_account(string name, string value, string expected) =>
        Assert.Equal(expected, StorageAccount.ConnectInteractive(Configure((name, value))).Uri.ToString());

    // The last value of a name holds.
    private static IConfiguration Configure(params (string Name, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.GroupBy(setting => setting.Name, setting => setting.Value)
            .ToDictionary(setting => setting.Key, string? (setting) => setting.Last()))
        .Build();

    [Theory]
    [InlineData(null, "00:25:00", true)]
    [InlineData(null, "00:25:01", false)]
    [InlineData("-1", "10.00:00:00", true)]
    [InlineData("00:10:00", "00:05:01", false)]
    public void A_time_limit_has_to_fit_into_functionTimeout(string? functionTimeout, string limit, bool fits)
    {
        var host = new HostSettings(functionTimeout is null ? TimeSpan.FromMinutes(30) : functionTimeout == "-1" ? null : TimeSpan.Parse(functionTimeout), 1);
        var kinds = new TaskKinds([new Kind(TimeSpan.Parse(limit))]);

        if (fits)
        {
            kinds.Check(host);
        }
        else
        {
            string message = Assert.Throws<StartupException>(() => kinds.Check(host)).Message;
            Assert.Contains("functionTimeout", message);
            Assert.Contains(limit, message);
        }
    }

    [Theory]
    [InlineData("functionTimeout", "0")]
    [InlineData("functionTimeout", "soon")]
    [InlineData("extensions:durableTask:maxConcurrentActivityFunctions", "0")]
    public void What_of_host_json_cannot_be_read_is_named(string key, string value)
    {
        IConfiguration settings = new ConfigurationBuilder().AddInMemoryCollection([new($"AzureFunctionsJobHost:{key}", value)]).Build();

        Assert.Contains(key.Split(':')[^1], Assert.Throws<StartupException>(() => HostSettings.Read(settings)).Message);
    }

    [Fact]
    public void The_apps_own_host_json_is_read()
    {
        var host = HostSettings.Read(new ConfigurationBuilder().Build());

        Assert.Equal(new HostSettings(TimeSpan.FromDays(1), 100), host);
    }

    private sealed class Kind(TimeSpan limit) : TaskKind<int, int>("test", "DoWork")
    {
        public override TimeSpan TimeLimit => limit;

        public override int Read(JsonMembers body) => 0;

        public override Task<int> ComputeAsync(int input, TaskProgress progress, CancellationToken cancellationToken) => Task.FromResult(input);
    }
}
