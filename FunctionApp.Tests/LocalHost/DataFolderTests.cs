using DurableLocalHost.Sqlite;

namespace FunctionApp.Tests.LocalHost;

/// <summary>Folders whose hosts share one Azurite.</summary>
public sealed class DataFolderTests : SampleTest
{
    [Long]
    [Fact]
    public async Task Each_has_a_task_hub_of_its_own_and_keeps_it()
    {
        Settings["AzureFunctionsJobHost__extensions__durableTask__hubName"] = new string('h', 45);
        string hub = await ReadHubAsync();
        Assert.Matches("^[a-z][a-z0-9]{44}$", hub);
        Assert.Equal(hub, await ReadHubAsync());

        File.Delete(Path.Combine(Data.FullName, "id"));
        Assert.NotEqual(hub, await ReadHubAsync());
    }

    [Long]
    [Fact]
    public async Task A_file_from_before_folders_had_hubs_of_their_own_is_taken_over()
    {
        string id;
        Settings["AzureFunctionsJobHost__extensions__durableTask__hubName"] = null;
        await using (LocalHostProcess before = await StartSampleAsync())
        {
            using HttpResponseMessage started = await before.Http.PostAsync("/runtime/webhooks/durabletask/orchestrators/Listens", null);
            id = (await started.ReadJsonAsync()).GetProperty("id").GetString()!;
            await before.SignalAsync("TERM");
        }

        using (var file = new Statements(Path.Combine(Data.FullName, "durable.db")))
        {
            file.Execute("UPDATE instances SET hub = 'DurableSample'");
        }

        await using LocalHostProcess after = await StartSampleAsync();

        using HttpResponseMessage instance = await after.Http.GetAsync($"/runtime/webhooks/durabletask/instances/{id}");
        Assert.True(instance.IsSuccessStatusCode);
    }

    [Long]
    [Fact]
    public async Task That_an_Azurite_was_running_already_is_said()
    {
        await using LocalHostProcess host = await StartSampleAsync();

        Assert.Contains(host.Output, line => line.StartsWith("An Azurite at 127.0.0.1:") && line.Contains("was running already"));
    }

    [Long]
    [Fact]
    public async Task One_that_was_running_need_not_have_more_than_tables_by_the_connection_string()
    {
        string[] parts = Settings["AzureWebJobsStorage"]!.Split(';');
        Settings["AzureWebJobsStorage"] = string.Join(';', parts.Where(part => !part.StartsWith("QueueEndpoint") && !part.StartsWith("BlobEndpoint")));
        await using LocalHostProcess host = await StartSampleAsync();

        Assert.Contains(host.Output, line => line.Contains("was running already"));
    }

    private async Task<string> ReadHubAsync()
    {
        await using LocalHostProcess host = await StartSampleAsync();
        string hub = await host.Http.GetStringAsync("/api/hub");
        await host.SignalAsync("TERM");
        return hub;
    }
}
