using System.Net;
using System.Text.Json;
using FunctionApp.Tasks;

namespace FunctionApp.Tests.Api;

/// <summary>The API's story: submit two numbers, poll, get their product.</summary>
public abstract class MultiplyStory(ApiHost api)
{
    [Fact]
    public async Task A_submitted_task_is_accepted_at_once_and_its_result_can_be_polled()
    {
        using HttpResponseMessage accepted = await api.Http.PostAsync("""{"x": 2.3, "y": 2.0}""");

        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        JsonElement body = await accepted.ReadJsonAsync();
        string taskId = Assert.Single(body.EnumerateObject()).Value.GetString()!;
        Assert.True(TaskId.TryParse(taskId, out _));
        Assert.Equal($"/multiply/{taskId}", accepted.Headers.Location!.OriginalString);
        Assert.Equal($"/tasks/{taskId}", Assert.Single(accepted.Headers.GetValues("Operation-Location")));
        Assert.True(accepted.Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1));

        Assert.Equal("4.6", await api.Http.WaitForResultAsync(taskId));
    }

    [Fact]
    public async Task A_result_of_2000_digits_arrives_whole()
    {
        string nines = new('9', 1_000);

        string taskId = await api.Http.SubmitAsync(nines, nines);

        Assert.Equal(new string('9', 999) + "8" + new string('0', 999) + "1", await api.Http.WaitForResultAsync(taskId));
        Assert.Equal(2_000, (await api.Http.GetTaskAsync(taskId)).GetProperty("result").GetRawText().Length);
    }

    [Fact]
    public async Task A_results_table_that_was_deleted_deletes_its_tasks_and_comes_back_with_the_next()
    {
        _ = api.Own;
        string before = await api.Http.SubmitAsync("6", "7");
        await api.Http.WaitForResultAsync(before);

        await api.Tables.DeleteTableAsync(api.ResultsTable);

        using HttpResponseMessage gone = await api.Http.GetAsync($"/multiply/{before}");
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Unknown", gone);
        Assert.Equal("4.6", await api.Http.WaitForResultAsync(await api.Http.SubmitAsync()));
    }
}
