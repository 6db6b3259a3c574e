namespace FunctionApp.LocalHost;

/// <summary>The folder that a host keeps its data in, and keeps a second host off.</summary>
internal static class DataFolder
{
    /// <summary>Creates the folder if it is not there; it is the caller's until the stream is disposed or the process ends.</summary>
    /// <exception cref="LocalHostException">Another host has it, or the folder cannot be written.</exception>
    public static FileStream Lock(string dataFolder)
    {
        string file = Path.Combine(dataFolder, "lock");
        try
        {
            Directory.CreateDirectory(dataFolder);
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is there, and may be opened, but not now.
            string reason = e is IOException && File.Exists(file)
                ? $"Another host uses the data folder {dataFolder}: stop it, or choose another with --data-folder."
                : $"The data folder {dataFolder} cannot be written: {e.Message} Choose another with --data-folder.";
            throw new LocalHostException(reason, e);
        }
    }
}
