namespace FunctionApp.LocalHost;

/// <summary>Keeps a second emulator off the same data.</summary>
internal static class DataFolderLock
{
    // What the operating system says when a file is locked; .NET has no name for it.
    private const int WindowsSharingViolation = unchecked((int)0x80070020);
    private const int LinuxTryAgain = 11;
    private const int MacTryAgain = 35;

    /// <exception cref="EmulatorException">Another emulator has it, or the folder cannot be written.</exception>
    public static FileStream Acquire(string dataFolder)
    {
        try
        {
            return new FileStream(
                Path.Combine(dataFolder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.None);
        }
        catch (IOException e) when (e.HResult is WindowsSharingViolation or LinuxTryAgain or MacTryAgain)
        {
            throw new EmulatorException($"Another emulator uses the data folder {dataFolder}: stop it, or set Emulator__DataFolder to another.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EmulatorException($"The data folder {dataFolder} cannot be written: {e.Message} Set Emulator__DataFolder to one that can.", e);
        }
    }
}
