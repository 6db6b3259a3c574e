namespace Bench.Systems;

/// <summary>Azurite's access log: what it prints without --silent, a line per request.</summary>
internal static class AccessLog
{
    /// <summary>Requests about rows so far: not those that create tables or ask whether somebody is there.</summary>
    public static long Count(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        long count = 0;
        while (reader.ReadLine() is { } line)
        {
            count += line.Contains("PartitionKey=", StringComparison.OrdinalIgnoreCase) ? 1 : 0;
        }

        return count;
    }
}
