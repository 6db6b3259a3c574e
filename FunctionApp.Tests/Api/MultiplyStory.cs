using System.Net;
using System.Text.Json;

namespace FunctionApp.Tests.Api;

/// <summary>The API's story: submit two numbers, poll, get their product.</summary>
public class MultiplyStory(ApiFixture api)
{
    [Fact]
    public async Task A_submitted_task_is_accepted_at_once_and_its_result_can_be_polled()
    {
        using HttpResponseMessage accepted = await api.Http.PostAsync("""{"x": 2.3, "y": 2.0}""");

        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        JsonElement body = await accepted.ReadJsonAsync();
        string taskId = Assert.Single(body.EnumerateObject()).Value.GetString()!;
        Assert.True(Guid.TryParseExact(taskId, "D", out _));
        Assert.Equal($"/multiply/{taskId}", accepted.Headers.Location!.OriginalString);
        Assert.True(accepted.Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1));

        Assert.Equal("4.6", await api.Http.WaitForResultAsync(taskId));
    }
}
