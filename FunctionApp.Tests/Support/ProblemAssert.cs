using System.Net;
using System.Text.Json;

namespace FunctionApp.Tests;

/// <summary>Answers that say what is wrong, by RFC 9457.</summary>
internal static class ProblemAssert
{
    /// <summary>The answer is a problem of that status; its members.</summary>
    public static async Task<JsonElement> IsAsync(HttpStatusCode status, HttpResponseMessage response)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        JsonElement problem = await response.ReadJsonAsync();
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("type").GetString()!);
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        return problem;
    }

    /// <summary>A problem about a task, with that status of it.</summary>
    public static async Task<JsonElement> HasTaskStatusAsync(HttpStatusCode status, string taskStatus, HttpResponseMessage response)
    {
        JsonElement problem = await IsAsync(status, response);
        Assert.Equal(taskStatus, problem.GetProperty("task_status").GetString());
        return problem;
    }

    /// <summary>400, and the errors name just those.</summary>
    public static async Task NamesAsync(string[] names, HttpResponseMessage response)
    {
        JsonElement problem = await IsAsync(HttpStatusCode.BadRequest, response);
        Assert.Equal(names.Order(), problem.GetProperty("errors").EnumerateObject().Select(error => error.Name).Order());
        Assert.All(problem.GetProperty("errors").EnumerateObject(), error => Assert.NotEmpty(error.Value[0].GetString()!));
    }

    /// <summary>503 that says when to come again.</summary>
    public static async Task IsUnavailableAsync(HttpResponseMessage response)
    {
        await IsAsync(HttpStatusCode.ServiceUnavailable, response);
        Assert.NotNull(response.Headers.RetryAfter);
    }
}
