namespace FunctionApp.Emulator.Host;

/// <summary>The emulator cannot start. <see cref="Exception.Message"/> is one line that says why and what to do.</summary>
public sealed class EmulatorException(string message, Exception? innerException = null) : Exception(message, innerException);
