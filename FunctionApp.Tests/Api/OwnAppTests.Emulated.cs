using System.Net;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using FunctionApp.Emulator;
using FunctionApp.Multiply;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace FunctionApp.Tests.Api;

/// <summary>Rows of the contract that need a hand on the host: slow tasks, termination, time limits, restarts.</summary>
public class OwnAppTests
{
    public OwnAppTests() => Assert.SkipWhen(
        Environment.GetEnvironmentVariable("API_BASE_URL") is { Length: > 0 }, "Needs a host of its own, and API_BASE_URL names another.");

    [Fact]
    public async Task The_recipe_of_the_README_works()
    {
        await using EmulatedFunctionApp app = await AzuriteFixture.StartAppAsync();
        string taskId = await app.Http.SubmitAsync("6", "7");

        await app.RestartAsync();
        await app.DurableClient.WaitForInstanceCompletionAsync(taskId);

        Assert.Equal("42", await app.Services.GetRequiredService<ResultsTable>().FindAsync(taskId, CancellationToken.None));
    }

    [Fact]
    public async Task An_unfinished_task_is_404_Running_with_Retry_After_and_a_terminated_one_says_why()
    {
        await using EmulatedFunctionApp app = await AzuriteFixture.StartAppAsync(("SlowMultiply__Delay", "01:00:00"), ("SlowMultiply__Timeout", "02:00:00"));
        string taskId = await app.Http.SubmitAsync("6", "7");
        await app.DurableClient.WaitForInstanceStartAsync(taskId);

        using HttpResponseMessage running = await app.Http.GetAsync($"/multiply/{taskId}");
        Assert.Equal("Running", (await ContractTests.AssertProblemAsync(running, HttpStatusCode.NotFound)).GetProperty("task_status").GetString());
        Assert.NotNull(running.Headers.RetryAfter);

        await app.DurableClient.TerminateInstanceAsync(taskId, "by hand");
        using HttpResponseMessage terminated = await app.Http.GetAsync($"/multiply/{taskId}");
        JsonElement problem = await ContractTests.AssertProblemAsync(terminated, HttpStatusCode.NotFound);
        Assert.Equal("Terminated", problem.GetProperty("task_status").GetString());
        Assert.Contains("by hand", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Null(terminated.Headers.RetryAfter);
    }

    [Fact]
    public async Task A_task_that_hangs_fails_at_its_time_limit()
    {
        await using EmulatedFunctionApp app = await AzuriteFixture.StartAppAsync(("SlowMultiply__Delay", "01:00:00"), ("SlowMultiply__Timeout", "00:00:00.1"));

        using HttpResponseMessage failed = await app.Http.WaitForEndAsync(await app.Http.SubmitAsync("6", "7"));

        JsonElement problem = await ContractTests.AssertProblemAsync(failed, HttpStatusCode.NotFound);
        Assert.Equal("Failed", problem.GetProperty("task_status").GetString());
        Assert.Contains("time limit", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_idempotency_key_is_one_task_however_often_it_comes_and_over_a_restart()
    {
        await using EmulatedFunctionApp app = await AzuriteFixture.StartAppAsync();

        string[] ids = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => SubmitAsync(app, """{"x": 6, "y": 7}""")));
        string taskId = Assert.Single(ids.Distinct());
        OrchestrationMetadata first = await app.DurableClient.WaitForInstanceCompletionAsync(taskId);
        await app.RestartAsync();

        Assert.Equal(taskId, await SubmitAsync(app, """{"x": 6, "y": 7}"""));
        OrchestrationMetadata again = await app.DurableClient.WaitForInstanceCompletionAsync(taskId);
        Assert.Equal((first.CreatedAt, first.LastUpdatedAt), (again.CreatedAt, again.LastUpdatedAt));
        Assert.Single(await app.DurableClient.GetAllInstancesAsync().ToListAsync());

        using HttpResponseMessage other = await PostAsync(app, """{"x": 6, "y": 8}""");
        await ContractTests.AssertProblemAsync(other, HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task A_results_table_that_was_deleted_comes_back_with_the_next_result()
    {
        Dictionary<string, string?> settings = AzuriteFixture.NewAppSettings();
        await using EmulatedFunctionApp app = await EmulatedFunctionApp.StartAsync(settings);
        string before = await app.Http.SubmitAsync("6", "7");
        await app.Http.WaitForResultAsync(before);

        await new TableServiceClient(settings["AzureWebJobsStorage"]).DeleteTableAsync(settings["ResultsTable"]);

        Assert.Equal("4.6", await app.Http.WaitForResultAsync(await app.Http.SubmitAsync("2.3", "2.0")));
        // What was read a moment ago may be remembered for a second.
        using HttpResponseMessage gone = await app.Http.WaitUntilGoneAsync(before);
        Assert.Equal("Unknown", (await ContractTests.AssertProblemAsync(gone, HttpStatusCode.NotFound)).GetProperty("task_status").GetString());
    }

    private static async Task<string> SubmitAsync(EmulatedFunctionApp app, string body)
    {
        using HttpResponseMessage response = await PostAsync(app, body);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        return await response.ReadTaskIdAsync();
    }

    private static async Task<HttpResponseMessage> PostAsync(EmulatedFunctionApp app, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/multiply") { Content = new StringContent(body, Encoding.UTF8) };
        request.Headers.Add("Idempotency-Key", "8e03978e-40d5-43e8-bc93-6894a57f9324");
        return await app.Http.SendAsync(request);
    }
}
