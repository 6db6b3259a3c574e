namespace FunctionApp;

/// <summary>The app cannot start. <see cref="Exception.Message"/> is one line that says why and what to do, whatever a setting had in it.</summary>
public sealed class StartupException(string message, Exception? innerException = null)
    : Exception(message.ReplaceLineEndings(" "), innerException);
