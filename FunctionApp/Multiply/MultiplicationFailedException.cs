namespace FunctionApp.Multiply;

/// <summary>
/// The task failed for good. <see cref="Exception.Message"/> is written for the caller: <see cref="GetMultiplication"/>
/// shows it, and never shows that of another exception, which may name hosts, paths or keys.
/// </summary>
public sealed class MultiplicationFailedException(string message) : Exception(message);
