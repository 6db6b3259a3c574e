using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.DurableTask.Http;
using Microsoft.DurableTask;

namespace DurableSample;

/// <summary>One orchestration for each thing that a durable client can see of a storage provider.</summary>
public static class Orchestrations
{
    [Function(nameof(Echoes))]
    public static async Task<string> Echoes([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        string input = context.GetInput<string>()!;
        string first = await context.CallActivityAsync<string>(nameof(Activities.Echo), input);
        context.SetCustomStatus(new { first.Length });
        string second = await context.CallActivityAsync<string>(nameof(Activities.Echo), input);
        return $"{first} {second}";
    }

    [Function(nameof(Silence))]
    public static Task Silence([OrchestrationTrigger] TaskOrchestrationContext context) => Task.CompletedTask;

    /// <returns>Its version, and that of a sub-orchestration to which the input is given as its version, unless that is null.</returns>
    [Function(nameof(Versions))]
    public static async Task<string> Versions([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        if (context.Parent is not null)
        {
            return context.Version;
        }

        var options = new SubOrchestrationOptions();
        if (context.GetInput<string>() is { } version)
        {
            options = options with { Version = version };
        }

        return $"{context.Version} {await context.CallSubOrchestratorAsync<string>(nameof(Versions), options)}";
    }

    /// <returns>The status and the text with which an address answers.</returns>
    [Function(nameof(Fetches))]
    public static async Task<string> Fetches([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        DurableHttpResponse answer = await context.CallHttpAsync(
            HttpMethod.Get, new Uri(context.GetInput<string>()!), content: null, retryOptions: null, asynchronousPatternEnabled: false);
        return $"{(int)answer.StatusCode} {answer.Content}";
    }

    [Function(nameof(Retries))]
    public static Task<int> Retries([OrchestrationTrigger] TaskOrchestrationContext context) => context.CallActivityAsync<int>(
        nameof(Activities.FailTwice), context.InstanceId, TaskOptions.FromRetryPolicy(new RetryPolicy(5, TimeSpan.FromMilliseconds(50))));

    [Function(nameof(Fails))]
    public static Task<string> Fails([OrchestrationTrigger] TaskOrchestrationContext context) =>
        context.CallActivityAsync<string>(nameof(Activities.Fail), "The activity fails.");

    [Function(nameof(Throws))]
    public static Task<string> Throws([OrchestrationTrigger] TaskOrchestrationContext context) =>
        throw new InvalidOperationException("The orchestration fails.");

    [Function(nameof(Catches))]
    public static async Task<string> Catches([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        try
        {
            return await context.CallActivityAsync<string>(nameof(Activities.Fail), "The activity fails.");
        }
        catch (TaskFailedException e)
        {
            return $"{e.TaskName}: {e.FailureDetails.ErrorType}: {e.FailureDetails.ErrorMessage}";
        }
    }

    /// <returns>How much later than it should, in seconds, a timer of one second fired.</returns>
    [Function(nameof(Sleeps))]
    public static async Task<double> Sleeps([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        DateTime due = context.CurrentUtcDateTime.AddSeconds(1);
        await context.CreateTimer(due, CancellationToken.None);
        return (context.CurrentUtcDateTime - due).TotalSeconds;
    }

    /// <returns>The process in which an activity of that many seconds ran, at the latest at the third attempt.</returns>
    [Function(nameof(Dawdles))]
    public static Task<int> Dawdles([OrchestrationTrigger] TaskOrchestrationContext context) => context.CallActivityAsync<int>(
        nameof(Activities.Dawdle), context.GetInput<double>(), TaskOptions.FromRetryPolicy(new RetryPolicy(3, TimeSpan.FromMilliseconds(50))));

    /// <summary>An activity of that many seconds, once.</summary>
    [Function(nameof(DawdlesOnce))]
    public static Task<int> DawdlesOnce([OrchestrationTrigger] TaskOrchestrationContext context) =>
        context.CallActivityAsync<int>(nameof(Activities.Dawdle), context.GetInput<double>());

    [Function(nameof(Listens))]
    public static async Task<string> Listens([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        context.SetCustomStatus("listening");
        string first = await context.WaitForExternalEvent<string>("first");
        string second = await context.WaitForExternalEvent<string>("second");
        return $"{first} {second}";
    }

    [Function(nameof(Adds))]
    public static async Task<int> Adds([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        IEnumerable<int> numbers = Enumerable.Range(1, context.GetInput<int>());
        return (await Task.WhenAll(numbers.Select(number => context.CallActivityAsync<int>(nameof(Activities.Square), number)))).Sum();
    }

    /// <summary>Three sub-orchestrations that succeed, then one that fails.</summary>
    [Function(nameof(Delegates))]
    public static async Task<string> Delegates([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        int[] sums = await Task.WhenAll(Enumerable.Range(1, 3).Select(number => context.CallSubOrchestratorAsync<int>(
            nameof(Adds), number, new SubOrchestrationOptions { InstanceId = $"{context.InstanceId}-{number}" })));
        try
        {
            await context.CallSubOrchestratorAsync(nameof(Throws));
            return "No failure";
        }
        catch (TaskFailedException e)
        {
            return $"{string.Join(' ', sums)} {e.FailureDetails.ErrorMessage}";
        }
    }

    /// <summary>A step that succeeds, then a sub-orchestration whose step fails twice.</summary>
    /// <returns>How often either has run.</returns>
    [Function(nameof(Recovers))]
    public static async Task<string> Recovers([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        int once = await context.CallActivityAsync<int>(nameof(Activities.Count), context.InstanceId);
        int thrice = await context.CallSubOrchestratorAsync<int>(nameof(FailsTwice), new SubOrchestrationOptions { InstanceId = $"{context.InstanceId}-child" });
        return $"{once} {thrice}";
    }

    [Function(nameof(FailsTwice))]
    public static Task<int> FailsTwice([OrchestrationTrigger] TaskOrchestrationContext context) =>
        context.CallActivityAsync<int>(nameof(Activities.FailTwice), context.InstanceId);

    /// <summary>Counts down, each number a new execution, then listens for the events that came meanwhile.</summary>
    [Function(nameof(CountsDown))]
    public static async Task<string> CountsDown([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        int count = context.GetInput<int>();
        if (count > 0)
        {
            await context.CreateTimer(TimeSpan.FromMilliseconds(20), CancellationToken.None);
            context.ContinueAsNew(count - 1);
            return "";
        }

        string first = await context.WaitForExternalEvent<string>("first");
        string second = await context.WaitForExternalEvent<string>("second");
        return $"{first} {second}";
    }

    /// <summary>An activity, a timer, an event, a sub-orchestration and a fan-out, one after the other.</summary>
    [Function(nameof(DoesItAll))]
    public static async Task<string> DoesItAll([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        context.SetCustomStatus("activity");
        string echo = await context.CallActivityAsync<string>(nameof(Activities.Echo), "a");
        context.SetCustomStatus("timer");
        await context.CreateTimer(TimeSpan.FromSeconds(0.5), CancellationToken.None);
        context.SetCustomStatus("event");
        string word = await context.WaitForExternalEvent<string>("word");
        context.SetCustomStatus("sub-orchestration");
        int sum = await context.CallSubOrchestratorAsync<int>(nameof(Adds), 10);
        context.SetCustomStatus("fan-out");
        int[] squares = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(number => context.CallActivityAsync<int>(nameof(Activities.Square), number)));
        return $"{echo} {word} {sum} {squares.Sum()}";
    }
}
