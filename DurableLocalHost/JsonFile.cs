using System.Text.Json;

namespace DurableLocalHost;

/// <summary>The app's files, whose faults are told by file, line and position.</summary>
internal static class JsonFile
{
    /// <summary>A file as a configuration: comments and trailing commas are fine.</summary>
    /// <exception cref="LocalHostException">It is not there or cannot be read.</exception>
    public static IConfigurationRoot Read(string folder, string file)
    {
        try
        {
            return new ConfigurationBuilder().AddJsonFile(Path.Combine(folder, file)).Build();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new LocalHostException($"{Path.Combine(folder, file)} cannot be read: {Explain(e)}", e);
        }
    }

    /// <summary>What is wrong, and if it is the text, in which line and at which position, both counted from 1.</summary>
    public static string Explain(Exception failure) => failure.GetBaseException() switch
    {
        JsonException { LineNumber: long line, BytePositionInLine: long position } e =>
            $"line {line + 1}, position {position + 1}: {e.Message.Split(" LineNumber:")[0].Split(" Path:")[0]}",
        Exception e => e.Message,
    };
}
