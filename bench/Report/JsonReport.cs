using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Bench.Measure;

namespace Bench.Report;

/// <summary>What was measured, as it is saved.</summary>
/// <param name="Date">Start of the day, UTC.</param>
/// <param name="Machine">Cores and operating system.</param>
/// <param name="Systems">System, metric with its unit, values.</param>
/// <param name="Ratios">Goal ratios; empty where nothing is compared.</param>
internal sealed record JsonReport(
    string Date, string Machine, Dictionary<string, Dictionary<string, Summary>> Systems, IReadOnlyList<GoalRatio> Ratios)
{
    public static JsonReport Of(IReadOnlyDictionary<string, Samples> results, IReadOnlyList<GoalRatio> ratios) => new(
        DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        $"{Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}",
        results.ToDictionary(
            system => system.Key,
            system => system.Value.Metrics.ToDictionary(metric => $"{metric.Name} {metric.Unit}".Trim(), metric => system.Value.Find(metric)!)),
        ratios);

    public static JsonReport Read(string path) =>
        JsonSerializer.Deserialize(File.ReadAllText(path), ReportJson.Readable.JsonReport)!;

    public void Save(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllText(path, JsonSerializer.Serialize(this, ReportJson.Readable.JsonReport) + "\n");
    }
}

[JsonSerializable(typeof(JsonReport))]
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class ReportJson : JsonSerializerContext
{
    public static ReportJson Readable { get; } = new(new JsonSerializerOptions
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
