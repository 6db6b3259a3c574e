using Bench.Systems;
using Spectre.Console;

namespace Bench;

/// <summary>What was measured: a value per system, figure and round.</summary>
internal sealed class Results
{
    /// <summary>One median against another, and what it should be.</summary>
    private sealed record Goal(string Text, string Figure, string System, string Base, double Limit, bool AtMost = false);

    private static readonly Goal[] Goals =
    [
        new("tasks/s, SQLite : RQ", "tasks/s", LocalHost.Sqlite, Rq.Name, 2.5),
        new("POST/s, 16 clients, SQLite : RQ", "POST, 16 clients /s", LocalHost.Sqlite, Rq.Name, 0.9),
        new("POST/s, 64 clients, SQLite : RQ", "POST, 64 clients /s", LocalHost.Sqlite, Rq.Name, 0.9),
        new("GET/s finished, SQLite : RQ", "GET finished, 16 clients /s", LocalHost.Sqlite, Rq.Name, 0.8),
        new("GET/s unfinished, SQLite : RQ", "GET unfinished, 16 clients /s", LocalHost.Sqlite, Rq.Name, 0.8),
        new("POST to result, median, SQLite : RQ", "POST to result, median ms", LocalHost.Sqlite, Rq.Name, 0.8, AtMost: true),
        new("CPU per task of 10 s, Prefer: wait : RQ polled each second", "100 callers, tasks of 10 s: CPU per task, all processes, ms", LocalHost.Sqlite, Rq.Name, 0.5, AtMost: true),
        new("tasks/s, SQLite : before", "tasks/s", LocalHost.Sqlite, LocalHost.Before, 1),
        new("GET/s finished, SQLite : before", "GET finished, 16 clients /s", LocalHost.Sqlite, LocalHost.Before, 1),
        new("CPU per GET unfinished, SQLite : before", "CPU per GET unfinished, all processes, ms", LocalHost.Sqlite, LocalHost.Before, 1, AtMost: true),
        new("start, SQLite : before", "start to first result, s", LocalHost.Sqlite, LocalHost.Before, 1, AtMost: true),
        new("tasks/s, many kept : 100 kept", "tasks/s", Growth.Many, Growth.Few, 0.9),
        new("POST to result, median, many kept : 100 kept", "POST to result, median ms", Growth.Many, Growth.Few, 1.2, AtMost: true),
        new("list of 20, many kept : 100 kept", "list of 20, median ms", Growth.Many, Growth.Few, 3, AtMost: true),
    ];

    private readonly List<(string System, string Figure, double Value)> _values = [];

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    public void Add(string system, string figure, double value) => _values.Add((system, figure, value));

    /// <summary>Prints all as tables in Markdown.</summary>
    public void Print()
    {
        AnsiConsole.Profile.Width = 200; // Tables for a file are not to be folded.
        string[] systems = [.. _values.Select(value => value.System).Distinct()];
        string[] growth = [Growth.Few, Growth.Many];
        Print(systems.Except([.. growth, Sizes.Name]));
        Print(systems.Intersect([Sizes.Name]));
        Print(systems.Intersect(growth));

        Table table = new Table().MarkdownBorder().AddColumns("ratio of medians", "", "goal", "");
        foreach (Goal goal in Goals)
        {
            if (Values(goal.System, goal.Figure) is { Length: > 0 } values && Values(goal.Base, goal.Figure) is { Length: > 0 } bases)
            {
                double ratio = Median(values) / Median(bases);
                bool met = goal.AtMost ? ratio <= goal.Limit : ratio >= goal.Limit;
                table.AddRow(goal.Text, Text(ratio), $"{(goal.AtMost ? "≤" : "≥")} {goal.Limit}", met ? "met" : "missed");
            }
        }

        Write(table);
    }

    private void Print(IEnumerable<string> systems)
    {
        Table table = new Table().MarkdownBorder().AddColumn("median (min – max)").AddColumns([.. systems]);
        foreach (string figure in _values.Where(value => systems.Contains(value.System)).Select(value => value.Figure).Distinct())
        {
            table.AddRow([figure, .. systems.Select(system => Values(system, figure) is { Length: > 0 } values
                ? $"{Text(Median(values))} ({Text(values.Min())} – {Text(values.Max())})"
                : "–")]);
        }

        Write(table);
    }

    private double[] Values(string system, string figure) =>
        [.. _values.Where(value => value.System == system && value.Figure == figure).Select(value => value.Value)];

    private static void Write(Table table)
    {
        if (table.Rows.Count > 0)
        {
            AnsiConsole.Write(table);
            AnsiConsole.WriteLine();
        }
    }

    private static string Text(double value) => value.ToString(value >= 100 ? "N0" : value >= 10 ? "N1" : "N2");
}
