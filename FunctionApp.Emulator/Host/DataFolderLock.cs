namespace FunctionApp.Emulator.Host;

/// <summary>Keeps a second emulator off the same data.</summary>
internal static class DataFolderLock
{
    /// <exception cref="EmulatorException">Another emulator has it, or the folder cannot be written.</exception>
    public static FileStream Acquire(string dataFolder)
    {
        try
        {
            return new FileStream(
                Path.Combine(dataFolder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new EmulatorException($"The data folder {dataFolder} cannot be written: make it writable, or set Emulator__DataFolder to another.", e);
        }
        catch (IOException e)
        {
            throw new EmulatorException($"Another emulator uses the data folder {dataFolder}: stop it, or set Emulator__DataFolder to another.", e);
        }
    }
}
