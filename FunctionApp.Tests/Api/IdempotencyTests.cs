using System.Net;
using FunctionApp.Tasks;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tests.Api;

/// <summary>One key is one task.</summary>
public abstract class IdempotencyTests(ApiHost api)
{
    private const string Header = "Idempotency-Key";

    private readonly string _key = Guid.NewGuid().ToString();

    [Fact]
    public async Task A_key_gives_the_same_task_however_often_and_concurrently_it_comes_and_however_the_numbers_are_written()
    {
        string[] ids = await Task.WhenAll(Enumerable.Range(0, 64).Select(n => SubmitAsync(n % 2 == 0 ? "6.50" : "65e-1")));

        string taskId = Assert.Single(ids.Distinct());
        Assert.Equal("45.5", await api.Http.WaitForResultAsync(taskId));
        Assert.Equal(taskId, await SubmitAsync("6.5"));
        Assert.Equal(taskId, await api.Http.SubmitAsync("6.5", "7", headers: (Header, $"\"{_key}\"")));
    }

    [Fact]
    public async Task The_same_key_with_another_submission_is_422()
    {
        string taskId = await SubmitAsync("6");

        foreach ((string body, string query) in new[] { ("""{"x": 6, "y": 8}""", ""), ("""{"x": 6.0, "y": 7}""", ""), ("""{"x": 6, "y": 7}""", "?delay=1") })
        {
            using HttpResponseMessage other = await api.Http.PostAsync(body, query, (Header, _key));
            await ProblemAssert.IsAsync(HttpStatusCode.UnprocessableEntity, other);
        }

        Assert.Equal("42", await api.Http.WaitForResultAsync(taskId));
    }

    [Fact]
    public async Task A_wrong_key_is_400_that_names_the_header()
    {
        foreach (string key in new[] { "", new string('k', 256), "two words" })
        {
            using HttpResponseMessage response = await api.Http.PostAsync("""{"x": 6, "y": 7}""", "", (Header, key));
            await ProblemAssert.NamesAsync([Header], response);
        }
    }

    [Fact]
    public async Task A_task_runs_once_for_its_key_and_over_a_restart()
    {
        string taskId = await SubmitAsync("6");
        OrchestrationMetadata first = await api.Own.DurableClient.WaitForInstanceCompletionAsync(taskId);
        TaskRow row = (await api.FindRowAsync(taskId))!;

        await api.Own.RestartAsync();

        Assert.Equal(taskId, await SubmitAsync("6"));
        OrchestrationMetadata again = await api.Own.DurableClient.WaitForInstanceCompletionAsync(taskId);
        Assert.Equal((first.CreatedAt, first.LastUpdatedAt), (again.CreatedAt, again.LastUpdatedAt));
        Assert.Equal(row.ETag, (await api.FindRowAsync(taskId))!.ETag);
    }

    [Fact]
    public async Task The_key_of_a_deleted_task_is_as_good_as_new()
    {
        string taskId = await SubmitAsync("6");
        await api.Http.WaitForResultAsync(taskId);
        using HttpResponseMessage deleted = await api.Http.DeleteAsync($"/tasks/{taskId}");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);

        string next = await SubmitAsync("8");

        Assert.NotEqual(taskId, next);
        Assert.Equal("56", await api.Http.WaitForResultAsync(next));
    }

    private Task<string> SubmitAsync(string x) => api.Http.SubmitAsync(x, "7", headers: (Header, _key));
}
