using System.Net;
using Azure.Data.Tables;
using FunctionApp.Emulator;
using FunctionApp.Tests.Api;

namespace FunctionApp.Tests.Emulator;

/// <summary>What the functions cost in Azure: the storage requests that a real Azurite gets, seen by a proxy before it.</summary>
public class StorageRequestsTests
{
    private readonly Dictionary<string, string?> _settings = AzuriteFixture.NewAppSettings();

    [Fact]
    public async Task A_task_is_one_upsert_and_a_POST_nothing()
    {
        await using StorageProxy storage = await StorageProxy.StartAsync(_settings);
        await using EmulatedFunctionApp app = await EmulatedFunctionApp.StartAsync(_settings);

        string[] tasks = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => app.Http.SubmitAsync("6", "7")));
        await Task.WhenAll(tasks.Select(task => app.DurableClient.WaitForInstanceCompletionAsync(task)));

        Assert.Equal(tasks.Select(task => $"PUT {task}").Order(), storage.Requests.Order());
    }

    [Fact]
    public async Task A_GET_of_a_finished_task_is_at_most_one_read_and_of_any_other_one()
    {
        await using StorageProxy storage = await StorageProxy.StartAsync(_settings);
        await using EmulatedFunctionApp app = await EmulatedFunctionApp.StartAsync(_settings);
        string task = await app.Http.SubmitAsync("6", "7");
        await app.DurableClient.WaitForInstanceCompletionAsync(task);

        // A new process remembers nothing.
        await app.RestartAsync();
        storage.ForgetRequests();
        await app.Http.WaitForResultAsync(task);
        Assert.Equal([$"GET {task}"], storage.Requests);

        // What was just read is remembered.
        await app.Http.WaitForResultAsync(task);
        await app.Http.WaitForResultAsync(task);
        Assert.InRange(storage.Requests.Count, 1, 2);

        storage.ForgetRequests();
        string unknown = Guid.NewGuid().ToString();
        using HttpResponseMessage answer = await app.Http.GetAsync($"/multiply/{unknown}");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal([$"GET {unknown}"], storage.Requests);
    }

    [Fact]
    public async Task A_deleted_result_is_gone_although_it_was_read_a_moment_before()
    {
        await using StorageProxy storage = await StorageProxy.StartAsync(_settings);
        await using EmulatedFunctionApp app = await EmulatedFunctionApp.StartAsync(_settings);
        string task = await app.Http.SubmitAsync("6", "7");
        await app.Http.WaitForResultAsync(task);

        await new TableClient(_settings["AzureWebJobsStorage"], _settings["ResultsTable"]).DeleteEntityAsync(task, task);

        // Polled without a pause: that must not keep it.
        using HttpResponseMessage gone = await app.Http.WaitUntilGoneAsync(task);
        Assert.Null(gone.Headers.RetryAfter);
    }
}
