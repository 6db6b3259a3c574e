namespace FunctionApp.Tasks;

/// <summary>
/// Thrown by an activity when an attempt could not even begin, or its outcome not be stored: there was no place for it, or
/// storage was away. It is repeated as often as that takes, and does not count as an attempt.
/// </summary>
public sealed class AttemptPostponedException(string message, Exception? innerException = null) : Exception(message, innerException);
