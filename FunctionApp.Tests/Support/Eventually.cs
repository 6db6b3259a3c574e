using System.Diagnostics;

namespace FunctionApp.Tests;

/// <summary>Waits for what comes about by itself.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Asks until the answer is the expected one; fails with the last answer when patience ends.</summary>
    public static async Task AreEqual<T>(T expected, Func<Task<T>> ask, TimeSpan? patience = null)
    {
        long start = Stopwatch.GetTimestamp();
        T actual = await ask();
        while (!EqualityComparer<T>.Default.Equals(expected, actual) && Stopwatch.GetElapsedTime(start) < (patience ?? Patience))
        {
            await Task.Delay(50);
            actual = await ask();
        }

        Assert.Equal(expected, actual);
    }
}
