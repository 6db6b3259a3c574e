using Microsoft.DurableTask;

namespace FunctionApp.Tests.Emulator;

/// <summary>Loops, branches, fan-out, timers, and the values that replay must give again.</summary>
internal static class SampleOrchestration
{
    public static async Task<object?> RunAsync(TaskOrchestrationContext context)
    {
        Guid id = context.NewGuid();
        DateTime start = context.CurrentUtcDateTime;
        int sum = 0;
        for (int i = 0; i < 3; i++)
        {
            sum += await context.CallActivityAsync<int>("Square", context.GetInput<int>() + i);
            if (sum % 2 == 0)
            {
                await context.CreateTimer(TimeSpan.FromMilliseconds(5), CancellationToken.None);
            }
        }

        int[] squares = await Task.WhenAll(Enumerable.Range(1, 4).Select(n => context.CallActivityAsync<int>("Square", n)));
        using var cancellation = new CancellationTokenSource();
        Task late = context.CreateTimer(TimeSpan.FromHours(1), cancellation.Token);
        Task<int> soon = context.CallActivityAsync<int>("Square", 9);
        bool won = await Task.WhenAny(late, soon) == soon;
        cancellation.Cancel();
        return $"{id} {start:O} {sum} {string.Join(',', squares)} {won} {await soon}";
    }
}
