using Bench.Measure;
using Spectre.Console;

namespace Bench.Report;

/// <summary>Results as tables on the console.</summary>
internal static class Tables
{
    public static void Print(IReadOnlyDictionary<string, Samples> results)
    {
        Table table = new Table().AddColumn("median (min – max)");
        foreach (string system in results.Keys)
        {
            table.AddColumn(new TableColumn(Markup.Escape(system)).RightAligned());
        }

        foreach (Metric metric in results.Values.SelectMany(samples => samples.Metrics).Distinct())
        {
            table.AddRow([Markup.Escape($"{metric.Name} {metric.Unit}"), .. results.Values.Select(samples => Format(samples.Find(metric)))]);
        }

        AnsiConsole.Write(table);
    }

    public static void Print(IEnumerable<GoalRatio> ratios)
    {
        Table table = new Table().AddColumns("ratio", "median (min – max)", "goal", "");
        foreach (GoalRatio ratio in ratios)
        {
            table.AddRow(
                Markup.Escape(ratio.Name),
                Format(ratio.Ratio),
                $"{(ratio.AtMost ? "≤" : "≥")} {Number(ratio.Goal)}",
                ratio.IsMet ? "met" : "not met");
        }

        AnsiConsole.Write(table);
    }

    public static string Format(Summary? summary) => summary is null ? "–"
        : summary.Values.Count == 1 ? Number(summary.Median)
        : $"{Number(summary.Median)} ({Number(summary.Min)} – {Number(summary.Max)})";

    // Three digits say all that there is to say.
    private static string Number(double value) => value switch
    {
        >= 100 => value.ToString("N0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("N1", CultureInfo.InvariantCulture),
        _ => value.ToString("0.##", CultureInfo.InvariantCulture),
    };
}
