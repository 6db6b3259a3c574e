using System.Text.Json;

namespace FunctionApp.Tests.Api;

/// <summary><c>GET /tasks</c>: newest first, complete, in pages.</summary>
public abstract class ListTests(ApiHost api)
{
    [Fact]
    public async Task Tasks_come_newest_first_without_inputs_and_results_in_pages()
    {
        string[] taskIds = await SubmitAsync(7);

        List<JsonElement> pages = await api.Http.ReadPagesAsync($"/tasks?limit=3&created_after={CreatedAt(taskIds[0])}");

        JsonElement[] tasks = [.. pages.SelectMany(page => page.GetProperty("tasks").EnumerateArray())];
        Assert.Equal(taskIds.Reverse(), tasks.Select(Id).Where(taskIds.Contains));
        Assert.All(pages, page => Assert.InRange(page.GetProperty("tasks").GetArrayLength(), 0, 3));
        Assert.All(tasks, task => Assert.False(task.TryGetProperty("input", out _) || task.TryGetProperty("result", out _)));
    }

    [Fact]
    public async Task Filters_hold_together()
    {
        string[] taskIds = await SubmitAsync(3);
        await Task.WhenAll(taskIds.Select(api.Http.WaitForResultAsync));
        string scheduled = await api.Http.SubmitAsync(query: "?delay=600");
        string failed = await api.Http.SubmitAsync("1e200", "1e200");
        using HttpResponseMessage ended = await api.Http.WaitForEndAsync(failed);
        string after = $"created_after={CreatedAt(taskIds[0])}";

        await AssertListedAsync([failed, scheduled, .. taskIds.Reverse()], $"/tasks?{after}");
        await AssertListedAsync([scheduled], $"/tasks?{after}&status=Scheduled");
        await AssertListedAsync([], $"/tasks?{after}&status=Pending&status=canceled");
        await AssertListedAsync([failed, scheduled], $"/tasks?{after}&status=Failed&status=Scheduled&limit=1");
        await AssertListedAsync([], $"/tasks?{after}&kind=other'kind");
        await AssertListedAsync([taskIds[0]], $"/tasks?{after}&created_before={CreatedAt(taskIds[1])}&kind=multiply");
        using HttpResponseMessage canceled = await api.Http.CancelAsync(scheduled);
        await AssertListedAsync([scheduled], $"/tasks?{after}&status=Canceled");
    }

    [Fact]
    public async Task While_tasks_come_and_end_the_pages_have_each_that_was_there_at_the_first_exactly_once()
    {
        string[] before = await SubmitAsync(30);
        using var stop = new CancellationTokenSource();
        var coming = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await api.Http.SubmitAsync();
            }
        });

        List<string> seen = [];
        string? next = $"/tasks?limit=4&created_after={CreatedAt(before[0])}";
        while (next is not null)
        {
            JsonElement page = await api.Http.GetJsonAsync(next);
            seen.AddRange(page.GetProperty("tasks").EnumerateArray().Select(Id));
            next = page.GetProperty("next").GetString();
        }

        await stop.CancelAsync();
        await coming;
        Assert.Equal(before.Reverse(), seen.Where(before.Contains));
        Assert.Equal(seen.Distinct(), seen);
    }

    [Fact]
    public async Task A_label_tells_tasks_apart_and_finds_them()
    {
        string prefix = $"Büro’s “50 %” & co {Guid.NewGuid():N} ";
        string first = await api.Http.SubmitAsync(query: $"?label={Uri.EscapeDataString(prefix + "1")}");
        string second = await api.Http.SubmitAsync("1e200", "1e200", $"?label={Uri.EscapeDataString(prefix + "12")}");
        await api.Http.WaitForResultAsync(first);
        await api.Http.WaitForStatusAsync(second, "Failed");

        await AssertListedAsync([first], $"/tasks?label={Uri.EscapeDataString(prefix + "1")}");
        await AssertListedAsync([second, first], $"/tasks?limit=1&label={Uri.EscapeDataString(prefix + "*")}");
        await AssertListedAsync([second], $"/tasks?status=Failed&label={Uri.EscapeDataString(prefix + "*")}");
        await AssertListedAsync([], $"/tasks?label={Uri.EscapeDataString(prefix.ToUpperInvariant() + "*")}");

        JsonElement[] listed = [.. (await api.Http.GetJsonAsync($"/tasks?label={Uri.EscapeDataString(prefix + "*")}")).GetProperty("tasks").EnumerateArray()];
        Assert.Equal(prefix + "12", listed[0].GetProperty("label").GetString());
        Assert.Equal("not_finite", listed[0].GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(JsonValueKind.Null, listed[0].GetProperty("result_summary").ValueKind);
        Assert.Equal("4.6", listed[1].GetProperty("result_summary").GetString());
        Assert.Equal("""{"x":2.3,"y":2.0}""", listed[1].GetProperty("input_summary").GetString());

        using HttpResponseMessage kept = await api.Http.PostAsync($"/tasks/{first}/retry", content: null);
        Assert.Equal(prefix + "1", (await api.Http.GetTaskAsync(await kept.ReadTaskIdAsync())).GetProperty("label").GetString());
        using HttpResponseMessage taken = await api.Http.PostAsync($"/tasks/{first}/retry?label=", content: null);
        Assert.Equal(JsonValueKind.Null, (await api.Http.GetTaskAsync(await taken.ReadTaskIdAsync())).GetProperty("label").ValueKind);
    }

    [Fact]
    public async Task A_short_form_has_80_characters_at_most()
    {
        string digits = new('7', 500);
        string taskId = await api.Http.SubmitAsync(digits, "1");
        await api.Http.WaitForResultAsync(taskId);
        JsonElement task = await api.Http.GetTaskAsync(taskId);
        Assert.Equal(digits[..79] + "…", task.GetProperty("result_summary").GetString());
        Assert.Equal(80, task.GetProperty("input_summary").GetString()!.Length);
    }

    [Theory]
    [InlineData("label=a&label=b", "label")]
    [InlineData("label=%00", "label")]
    [InlineData("status=Done", "status")]
    [InlineData("status=Deleted", "status")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=101", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("created_after=yesterday&created_before=", "created_after,created_before")]
    [InlineData("kind=a&kind=b", "kind")]
    [InlineData("kind=%00", "kind")]
    [InlineData("kind=multiply%0a", "kind")]
    [InlineData("cursor=nonsense", "cursor")]
    public async Task A_wrong_parameter_is_400_that_names_it(string query, string names)
    {
        using HttpResponseMessage response = await api.Http.GetAsync($"/tasks?{query}");
        await ProblemAssert.NamesAsync(names.Split(','), response);
    }

    [Fact]
    public async Task A_cursor_is_bound_to_its_filters_but_not_to_the_limit()
    {
        string[] taskIds = await SubmitAsync(3);
        JsonElement page = await api.Http.GetJsonAsync($"/tasks?limit=1&created_after={CreatedAt(taskIds[0])}");
        string next = page.GetProperty("next").GetString()!;

        using HttpResponseMessage other = await api.Http.GetAsync($"{next}&status=Failed");
        await ProblemAssert.NamesAsync(["cursor"], other);
        Assert.Equal(taskIds.Reverse().Skip(1), await api.Http.ListAsync(next.Replace("limit=1", "limit=50")));
    }

    private async Task AssertListedAsync(string[] expected, string path) => Assert.Equal(expected, await api.Http.ListAsync(path));

    private static string Id(JsonElement task) => task.GetProperty("task_id").GetString()!;

    private static string CreatedAt(string taskId) =>
        Uri.EscapeDataString(FunctionApp.Tasks.TaskId.Parse(taskId).CreatedAt.ToString("O"));

    /// <summary>One after another, each in a millisecond of its own.</summary>
    private async Task<string[]> SubmitAsync(int count)
    {
        List<string> taskIds = [];
        for (int i = 0; i < count; i++)
        {
            taskIds.Add(await api.Http.SubmitAsync());
            await Task.Delay(2);
        }

        return [.. taskIds];
    }
}
