namespace FunctionApp.LocalHost;

/// <summary>The folder that a host keeps its data in, and keeps a second host off.</summary>
internal static class DataFolder
{
    /// <summary>Creates the folder if it is not there; it is the caller's until the stream is disposed or the process ends.</summary>
    /// <exception cref="LocalHostException">Another host has it, or the folder cannot be written.</exception>
    public static FileStream Lock(string dataFolder)
    {
        try
        {
            Directory.CreateDirectory(dataFolder);
            return new FileStream(Path.Combine(dataFolder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LocalHostException(
                $"The data folder {dataFolder} cannot be used: {e.Message} Stop the host that uses it, if one does, or choose another with --data-folder.", e);
        }
    }
}
