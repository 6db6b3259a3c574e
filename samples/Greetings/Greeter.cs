using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Greetings;

/// <summary>The smallest app for the local host: an orchestration that greets one after the other, and a function that starts it.</summary>
public static class Greeter
{
    /// <returns>The instance ID of a new orchestration.</returns>
    [Function("StartGreeting")]
    public static async Task<IResult> StartAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "greet")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        Results.Text(await client.ScheduleNewOrchestrationInstanceAsync("Greet", $"{request.Query["name"]}"));

    /// <returns>The greetings of all whose names the input has, between commas.</returns>
    [Function("Greet")]
    public static async Task<string> GreetAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        List<string> greetings = [];
        foreach (string name in context.GetInput<string>()!.Split(','))
        {
            greetings.Add(await context.CallActivityAsync<string>("Compose", name));
        }

        return string.Join(' ', greetings);
    }

    [Function("Compose")]
    public static string Compose([ActivityTrigger] string name) => $"Hello, {name}!";
}
