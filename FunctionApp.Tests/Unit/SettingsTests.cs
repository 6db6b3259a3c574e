using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using FunctionApp.Multiply;
using Microsoft.Extensions.Configuration;

namespace FunctionApp.Tests.Unit;

public partial class SettingsTests
{
    // They have a meaning in Azure only, and take the place of a setting that the sample has.
    private static readonly string[] AzureOnly =
        ["APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "tableServiceUri", "accountName", "clientId"];

    [Theory]
    [InlineData("SlowMultiply:Delay", "abc")]
    [InlineData("SlowMultiply:Delay", "-00:00:01")]
    [InlineData("SlowMultiply:Timeout", "00:00:00")]
    [InlineData("SlowMultiply:Timeout", "100.00:00:00")]
    [InlineData("ResultsTable", "1x")]
    [InlineData("AzureWebJobsStorage", "")]
    [InlineData("AzureWebJobsStorage", "AccountKey=c2VjcmV0")]
    public void A_wrong_setting_is_named_on_one_line(string name, string value)
    {
        IConfiguration configuration = Configure(("AzureWebJobsStorage", "UseDevelopmentStorage=true"), (name, value));

        StartupException e = Assert.Throws<StartupException>(() =>
        {
            StorageAccount.ConnectTable(configuration, "ResultsTable", "results");
            SlowMultiplySettings.Read(configuration);
        });

        Assert.Contains(name.Replace(":", "__", StringComparison.Ordinal), e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        Assert.DoesNotContain("c2VjcmV0", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_have_defaults() =>
        Assert.Equal(new SlowMultiplySettings(TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(5)), SlowMultiplySettings.Read(Configure()));

    [Theory]
    [InlineData("AzureWebJobsStorage", "UseDevelopmentStorage=true", "http://127.0.0.1:10002/devstoreaccount1/results")]
    [InlineData("AzureWebJobsStorage:accountName", "mine", "https://mine.table.core.windows.net/results")]
    [InlineData("AzureWebJobsStorage:tableServiceUri", "https://mine.table.example", "https://mine.table.example/results")]
    public void Storage_is_named_by_connection_string_or_by_account(string name, string value, string expected) =>
        Assert.Equal(expected, StorageAccount.ConnectTable(Configure((name, value)), "ResultsTable", "results").Uri.ToString());

    [Fact]
    public void Every_setting_that_the_code_reads_is_in_the_sample()
    {
        string root = Path.GetFullPath("../..", SourceFolder());
        JsonElement sample = JsonElement.Parse(File.ReadAllText(Path.Combine(root, "local.settings.sample.json"))).GetProperty("Values");
        IEnumerable<string> read = Directory.EnumerateFiles(Path.Combine(root, "FunctionApp"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("\\obj\\", StringComparison.Ordinal))
            .SelectMany(file => SettingRead().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["name"].Value.Replace("SlowMultiply:{name}", "SlowMultiply__Delay", StringComparison.Ordinal))
            .Append("AzureWebJobsStorage").Append("ResultsTable").Append("SlowMultiply__Timeout");

        Assert.All(read.Distinct().Except(AzureOnly), name => Assert.True(sample.TryGetProperty(name, out _), name));
    }

    // The last value of a name holds.
    private static IConfiguration Configure(params (string Name, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.GroupBy(setting => setting.Name, setting => setting.Value)
            .ToDictionary(setting => setting.Key, string? (setting) => setting.Last()))
        .Build();

    private static string SourceFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    [GeneratedRegex("""(?:[cC]onfiguration|section)\[\$?"(?<name>[^"]+)"\]""")]
    private static partial Regex SettingRead();
}
