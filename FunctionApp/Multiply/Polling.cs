namespace FunctionApp.Multiply;

/// <summary>What a caller can rely on while it polls.</summary>
internal static class Polling
{
    /// <summary>Value of the header <c>Retry-After</c>, in seconds, of an answer about an unfinished task.</summary>
    public const string RetryAfter = "1";

    /// <summary>The longest that any request takes to be answered.</summary>
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(10);
}
