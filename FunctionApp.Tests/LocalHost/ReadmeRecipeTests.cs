using System.Net.Http.Json;
using DurableLocalHost;
using FunctionApp.Tasks;
using Microsoft.Extensions.DependencyInjection;

namespace FunctionApp.Tests.LocalHost;

[Collection(nameof(RunsAlone))]
public class ReadmeRecipeTests
{
    [Fact]
    public async Task The_READMEs_integration_test_passes()
    {
        var settings = new Dictionary<string, string?> { ["SlowMultiply__Delay"] = "00:00:00" };
        await using LocalFunctionHost host = await LocalFunctionHost.StartAsync(settings);
        using HttpResponseMessage accepted = await host.Http.PostAsJsonAsync("/multiply", new { x = 6, y = 7 });
        string taskId = accepted.Headers.Location!.OriginalString.Split('/')[^1];
        await host.RestartAsync();
        await host.DurableClient.WaitForInstanceCompletionAsync(taskId);
        TaskRow? task = await host.Services.GetRequiredService<TaskTable>().FindAsync(TaskId.Parse(taskId), CancellationToken.None);
        Assert.Equal("42", task!.Result!.ToString());
    }
}
