using ScottPlot;
using ScottPlot.TickGenerators;

namespace Bench.Report;

/// <summary>The goals as a picture: a bar per ratio, on a logarithmic axis, with its goal.</summary>
internal static class Picture
{
    /// <param name="report">A comparison.</param>
    /// <param name="path">An SVG or a PNG, as it ends.</param>
    public static void Save(JsonReport report, string path)
    {
        using var plot = new Plot();
        int count = report.Ratios.Count;
        List<Tick> labels = [];
        for (int i = 0; i < count; i++)
        {
            GoalRatio ratio = report.Ratios[i];
            double position = count - i;

            // A latency is better when it is smaller, so its bar says how many times smaller it is.
            double Scale(double value) => Math.Log10(ratio.AtMost ? 1 / value : value);
            plot.Add.Bar(new Bar
            {
                Position = position,
                Value = Scale(ratio.Ratio.Median),
                Orientation = Orientation.Horizontal,
                FillColor = ratio.IsMet ? Colors.SteelBlue : Colors.Tomato,
                LineWidth = 0,
            });
            Line(plot, Scale(ratio.Ratio.Min), position, Scale(ratio.Ratio.Max), position, Colors.Black);
            Line(plot, Scale(ratio.Goal), position - 0.45, Scale(ratio.Goal), position + 0.45, Colors.DarkOrange);
            labels.Add(new Tick(position, ratio.AtMost ? $"1 / ({ratio.Name})" : ratio.Name));
        }

        plot.Axes.Left.TickGenerator = new NumericManual([.. labels]);
        plot.Axes.Bottom.TickGenerator = new NumericManual(
            [.. new[] { 0.5, 1, 2, 5, 10, 20, 50 }.Select(value => new Tick(Math.Log10(value), $"{value}×"))]);
        plot.Axes.Margins(left: 0.05);
        plot.Title($"The emulator, in multiples of the other: median, min to max (black), goal (orange); {report.Date}", size: 12);
        plot.Save(path, 1000, 420);
    }

    private static void Line(Plot plot, double x1, double y1, double x2, double y2, Color color)
    {
        ScottPlot.Plottables.LinePlot line = plot.Add.Line(x1, y1, x2, y2);
        line.LineColor = color;
        line.LineWidth = 3;
        line.MarkerSize = 0;
    }
}
