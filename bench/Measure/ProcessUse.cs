namespace Bench.Measure;

/// <summary>What a process and its descendants have used so far, as Linux counts it in /proc.</summary>
/// <param name="CpuSeconds">User and system time, children that have ended included.</param>
/// <param name="PeakMebibytes">The sum of their peaks of resident memory.</param>
internal sealed record ProcessUse(double CpuSeconds, double PeakMebibytes)
{
    // USER_HZ is 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>Null where there is no /proc, or the process has ended.</summary>
    public static ProcessUse? Read(int processId)
    {
        if (!Directory.Exists($"/proc/{processId}"))
        {
            return null;
        }

        ILookup<int, int> children = Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out int id) ? id : 0)
            .Where(id => id > 0)
            .ToLookup(id => (int)(Stat(id)?[1] ?? -1));
        var queue = new Queue<int>([processId]);
        double cpu = 0;
        double memory = 0;
        while (queue.TryDequeue(out int id))
        {
            // utime, stime, cutime, cstime: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
            cpu += Stat(id)?[11..15].Sum() / TicksPerSecond ?? 0;
            memory += PeakMemory(id);
            foreach (int child in children[id])
            {
                queue.Enqueue(child);
            }
        }

        return new(cpu, memory);
    }

    // The fields from the third, the state, on; that one is not a number and reads as 0.
    private static double[]? Stat(int id)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{id}/stat");
            return
            [
                .. stat[(stat.LastIndexOf(')') + 2)..].Split(' ')
                    .Select(field => double.TryParse(field, CultureInfo.InvariantCulture, out double value) ? value : 0),
            ];
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static double PeakMemory(int id)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{id}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
