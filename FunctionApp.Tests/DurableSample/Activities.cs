using System.Collections.Concurrent;
using Microsoft.Azure.Functions.Worker;

namespace DurableSample;

public static class Activities
{
    private static readonly ConcurrentDictionary<string, int> Attempts = [];

    [Function(nameof(Square))]
    public static int Square([ActivityTrigger] int number) => number * number;

    [Function(nameof(Echo))]
    public static string Echo([ActivityTrigger] string text) => text;

    /// <summary>Fails at the first two attempts with an input.</summary>
    /// <returns>The number of attempts.</returns>
    [Function(nameof(FailTwice))]
    public static int FailTwice([ActivityTrigger] string input)
    {
        int attempt = Attempts.AddOrUpdate(input, 1, (_, attempts) => attempts + 1);
        return attempt < 3 ? throw new InvalidOperationException($"Attempt {attempt} fails.") : attempt;
    }

    /// <returns>How often it was called with an input.</returns>
    [Function(nameof(Count))]
    public static int Count([ActivityTrigger] string input) => Attempts.AddOrUpdate(input, 1, (_, calls) => calls + 1);

    [Function(nameof(Fail))]
    public static string Fail([ActivityTrigger] string reason) => throw new InvalidOperationException(reason);

    /// <summary>Takes that many seconds, whatever the host says meanwhile.</summary>
    /// <returns>The process that it ran in.</returns>
    [Function(nameof(Dawdle))]
    public static async Task<int> Dawdle([ActivityTrigger] double seconds)
    {
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        return Environment.ProcessId;
    }
}
