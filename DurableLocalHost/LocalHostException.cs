namespace DurableLocalHost;

/// <summary>The host cannot start. <see cref="Exception.Message"/> is one line that says why and what to do.</summary>
public sealed class LocalHostException(string message, Exception? innerException = null)
    : Exception(message.ReplaceLineEndings(" "), innerException);
