namespace FunctionApp.LocalHost;

/// <summary>The folder that a host keeps its data in, and keeps a second host off.</summary>
internal static class DataFolder
{
    // What the operating system says when a file is locked; .NET has no name for it.
    private const int WindowsSharingViolation = unchecked((int)0x80070020);
    private const int LinuxTryAgain = 11;
    private const int MacTryAgain = 35;

    /// <summary>Creates the folder if it is not there; it is the caller's until the stream is disposed or the process ends.</summary>
    /// <exception cref="LocalHostException">Another host has it, or the folder cannot be written.</exception>
    public static FileStream Lock(string dataFolder)
    {
        try
        {
            Directory.CreateDirectory(dataFolder);
            return new FileStream(
                Path.Combine(dataFolder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.None);
        }
        catch (IOException e) when (e.HResult is WindowsSharingViolation or LinuxTryAgain or MacTryAgain)
        {
            throw new LocalHostException($"Another host uses the data folder {dataFolder}: stop it, or choose another with --data-folder.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LocalHostException($"The data folder {dataFolder} cannot be written: {e.Message} Choose another with --data-folder.", e);
        }
    }
}
