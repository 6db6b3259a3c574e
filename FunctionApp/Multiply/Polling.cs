namespace FunctionApp.Multiply;

/// <summary>How often a caller should ask for a result.</summary>
internal static class Polling
{
    /// <summary>Value of the header <c>Retry-After</c>, in seconds, of an answer about an unfinished task.</summary>
    public const string RetryAfter = "1";
}
