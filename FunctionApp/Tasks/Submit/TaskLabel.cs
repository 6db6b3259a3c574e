namespace FunctionApp.Tasks;

/// <summary>A caller's own name for a task: by it people tell tasks apart, and find them.</summary>
internal static class TaskLabel
{
    private const int MaxLength = 64;

    /// <summary>Why the text cannot be a label; null if it can.</summary>
    public static string? Refusal(string text) =>
        string.IsNullOrWhiteSpace(text) || text.Any(char.IsControl) || text.EnumerateRunes().Count() > MaxLength
            ? $"must be one text of 1 to {MaxLength} characters, without control characters"
            : null;
}
