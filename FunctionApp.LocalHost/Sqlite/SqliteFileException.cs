namespace FunctionApp.LocalHost.Sqlite;

/// <summary>The file cannot be opened, or cannot be written. The message is one line, meant for whoever started the host.</summary>
public sealed class SqliteFileException(string message, Exception? inner = null) : IOException(message, inner);
