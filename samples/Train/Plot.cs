using System.Security;
using System.Text;

namespace FunctionApp.Train;

/// <summary>A picture of predicted against true values: the nearer to the diagonal, the better.</summary>
internal static class Plot
{
    private const int Size = 400;

    public static async Task WriteAsync(Stream file, string title, IEnumerable<(float Actual, float Predicted)> points, CancellationToken cancellationToken)
    {
        (float Actual, float Predicted)[] all = [.. points.Where(point => float.IsFinite(point.Actual) && float.IsFinite(point.Predicted))];
        float least = all.Length == 0 ? 0 : all.Min(point => Math.Min(point.Actual, point.Predicted));
        float range = Math.Max(all.Length == 0 ? 0 : all.Max(point => Math.Max(point.Actual, point.Predicted)) - least, float.Epsilon);
        var svg = new StringBuilder($"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {Size} {Size}'><title>{SecurityElement.Escape(title)}: predicted against true</title>");
        svg.Append($"<rect width='{Size}' height='{Size}' fill='white'/><path d='M0 {Size}L{Size} 0' stroke='gray'/>");
        foreach ((float actual, float predicted) in all)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<circle cx='{Scale(actual):0.#}' cy='{Size - Scale(predicted):0.#}' r='2' fill='navy' fill-opacity='0.5'/>");
        }

        await file.WriteAsync(Encoding.UTF8.GetBytes(svg.Append("</svg>").ToString()), cancellationToken);

        float Scale(float value) => (value - least) / range * Size;
    }
}
