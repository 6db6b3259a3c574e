using System.Text.RegularExpressions;

namespace Bench;

/// <summary>What the processes that this one has started use, by name, with their descendants. Source: proc(5).</summary>
internal static partial class ProcessUse
{
    private static readonly (string CommandLine, string Name)[] Names =
    [
        ("azurite.cjs", "Azurite"), ("FunctionApp.LocalHost.dll", "host"), ("FunctionApp.dll", "worker"), ("DataSample.dll", "worker"),
        ("redis-server", "Redis"), ("gunicorn", "gunicorn"), ("worker.py", "RQ workers"),
    ];

    /// <summary>User and system time, that of children that have ended included.</summary>
    public static Dictionary<string, TimeSpan> Cpu() => Sum(process =>
        // In hundredths of a second, as the kernel gives them on every platform that .NET supports.
        TimeSpan.FromMilliseconds(process.Fields[11..15].Sum(long.Parse) * 10).Ticks)
        .ToDictionary(pair => pair.Key, pair => TimeSpan.FromTicks(pair.Value));

    /// <summary>Resident memory, what several share being divided among them.</summary>
    public static Dictionary<string, double> MemoryMiB() => Sum(process =>
        Pss().Match(Text($"/proc/{process.Id}/smaps_rollup")) is { Success: true } size ? long.Parse(size.Groups[1].Value) : 0)
        .ToDictionary(pair => pair.Key, pair => pair.Value / 1024.0);

    private static Dictionary<string, long> Sum(Func<(int Id, string[] Fields), long> measure)
    {
        (int Id, string[] Fields)[] all = [.. Directory.GetDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), out int id) ? id : 0)
            .Select(id => (id, Text($"/proc/{id}/stat")))
            .Where(process => process.Item2.Length > 0)
            // The second field is a name, in parentheses; what follows is divided by spaces: state, parent, …
            .Select(process => (process.id, process.Item2[(process.Item2.LastIndexOf(')') + 2)..].Split(' ')))];
        ILookup<int, (int Id, string[] Fields)> children = all.ToLookup(process => int.Parse(process.Fields[1]));
        return Descendants(Environment.ProcessId)
            .Select(process => (Name: NameOf(Text($"/proc/{process.Id}/cmdline")), Use: measure(process)))
            .Where(process => process.Name is not null)
            .GroupBy(process => process.Name!, process => process.Use)
            .ToDictionary(group => group.Key, group => group.Sum());

        IEnumerable<(int Id, string[] Fields)> Descendants(int parent) =>
            children[parent].Concat(children[parent].SelectMany(child => Descendants(child.Id)));
    }

    private static string? NameOf(string commandLine) =>
        Array.Find(Names, pair => commandLine.Contains(pair.CommandLine)).Name;

    private static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ""; // It has ended meanwhile.
        }
    }

    [GeneratedRegex(@"(?m)^Pss:\s+(\d+) kB")]
    private static partial Regex Pss();
}
