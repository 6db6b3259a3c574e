using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace DurableSample;

/// <summary>An entity that counts.</summary>
public sealed class Counter : TaskEntity<int>
{
    /// <returns>The sum so far.</returns>
    public int Add(int amount) => State += amount;

    /// <summary>Fails, and changes nothing.</summary>
    public void Fail()
    {
        State = -1;
        throw new InvalidOperationException("The entity fails.");
    }

    [Function(nameof(Counter))]
    public static Task CountAsync([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<Counter>();
}

/// <summary>Orchestrations that use entities.</summary>
public static class EntityOrchestrations
{
    /// <returns>The sums that it saw.</returns>
    [Function(nameof(Counts))]
    public static async Task<string> Counts([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var counter = new EntityInstanceId(nameof(Counter), context.GetInput<string>()!);
        await context.Entities.SignalEntityAsync(counter, nameof(Counter.Add), 1);
        int called = await context.Entities.CallEntityAsync<int>(counter, nameof(Counter.Add), 2);
        int locked;
        await using (await context.Entities.LockEntitiesAsync(counter))
        {
            locked = await context.Entities.CallEntityAsync<int>(counter, nameof(Counter.Add), 3);
        }

        try
        {
            await context.Entities.CallEntityAsync(counter, nameof(Counter.Fail));
            return "no failure";
        }
        catch (EntityOperationFailedException e)
        {
            return $"{called} {locked} {e.FailureDetails.ErrorMessage}";
        }
    }
}
