namespace FunctionApp;

/// <summary>The app cannot start. <see cref="Exception.Message"/> is one line that says why and what to do.</summary>
public sealed class StartupException(string message, Exception? innerException = null)
    : Exception(message, innerException);
