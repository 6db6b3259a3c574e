namespace FunctionApp.Multiply;

/// <summary>
/// What to multiply: two JSON numbers in the text the caller sent, so that nothing is rounded on the way, and the
/// time limit that held at submission. Input of <see cref="MultiplyOrchestration"/>.
/// </summary>
/// <param name="X">A JSON number of at most 1,000 characters.</param>
/// <param name="Y">A JSON number of at most 1,000 characters.</param>
/// <param name="Timeout">How long the task may take, retries included.</param>
public sealed record Multiplication(string X, string Y, TimeSpan Timeout);
