using Bench.Client;
using Bench.Measure;
using Bench.Report;
using Bench.Systems;

namespace Bench;

/// <summary>What the command line can ask for.</summary>
internal static class Commands
{
    public static async Task MeasureAsync(Arguments arguments)
    {
        arguments.AllowOnly("api-key", "runs", "tasks", "posts", "json", "processes", "azurite-log");
        Uri url = Uri.TryCreate(arguments.Word(1), UriKind.Absolute, out Uri? given)
            ? given
            : throw new BenchException("The URL of the instance is missing, such as http://localhost:7071.");
        int runs = arguments.Number("runs", 3);
        Plan plan = PlanOf(arguments);
        var samples = new Samples();
        using var api = new Api(url, arguments.Option("api-key"));
        await ProgressBar.RunAsync(runs * plan.Steps, async (phase, progress) =>
        {
            var run = new Run(api, plan, samples, progress)
            {
                Processes = ProcessesOf(arguments.Option("processes")),
                CountStorageRequests = arguments.Option("azurite-log") is { } log ? () => AccessLog.Count(log) : null,
            };
            phase("warm-up");
            await run.WarmUpAsync();
            for (int i = 1; i <= runs; i++)
            {
                phase($"run {i} of {runs}");
                await run.MeasureLatencyAsync();
                await run.MeasureGetsAsync(await run.MeasureTasksAsync());
                await run.MeasurePostsAsync();
                await run.DrainAsync();
                run.ReadMemory();
            }
        });
        Report(new Dictionary<string, Samples> { [url.Authority] = samples }, [], arguments.Option("json") ?? "bench/results/measure.json");
    }

    public static async Task CompareAsync(Arguments arguments)
    {
        arguments.AllowOnly("rounds", "tasks", "posts", "json");
        int rounds = arguments.Number("rounds", 3);
        Plan plan = PlanOf(arguments);
        Dictionary<string, Samples> results = [];
        await ProgressBar.RunAsync(rounds * 3 * plan.Steps, async (phase, progress) =>
        {
            var comparison = new Comparison(plan, phase, progress);
            results = comparison.Results;
            await comparison.RunAsync(rounds);
        });
        Report(results, Ratios.Of(results), arguments.Option("json") ?? Path.Combine(Places.Bench, "results", "compare.json"));
    }

    public static async Task GrowthAsync(Arguments arguments)
    {
        arguments.AllowOnly("rounds", "tasks", "json");
        int rounds = arguments.Number("rounds", 7);
        Plan plan = PlanOf(arguments) with { Latencies = 40 };
        Dictionary<string, Samples> results = [];
        await ProgressBar.RunAsync(rounds * Growth.Sizes.Count * (plan.Latencies + plan.Tasks), async (phase, progress) =>
        {
            var growth = new Growth(plan, phase, progress);
            results = growth.Results;
            await growth.RunAsync(rounds);
        });
        Report(results, Ratios.OfGrowth(results), arguments.Option("json") ?? Path.Combine(Places.Bench, "results", "growth.json"));
    }

    public static Task PlotAsync(Arguments arguments)
    {
        arguments.AllowOnly();
        string docs = Path.Combine(Places.Repository, "docs");
        Picture.Save(
            JsonReport.Read(arguments.Word(1) ?? Path.Combine(docs, "performance.json")),
            arguments.Word(2) ?? Path.Combine(docs, "performance.svg"));
        return Task.CompletedTask;
    }

    private static void Report(Dictionary<string, Samples> results, List<GoalRatio> ratios, string file)
    {
        Tables.Print(results);
        if (ratios.Count > 0)
        {
            Tables.Print(ratios);
        }

        JsonReport.Of(results, ratios).Save(file);
        Console.WriteLine($"Saved as {file}.");
    }

    private static Plan PlanOf(Arguments arguments) => Plan.Default with
    {
        Tasks = arguments.Number("tasks", Plan.Default.Tasks),
        Posts = arguments.Number("posts", Plan.Default.Posts),
    };

    // emulator=123,Azurite=456
    private static Dictionary<string, int> ProcessesOf(string? option) => (option ?? "")
        .Split(',', StringSplitOptions.RemoveEmptyEntries)
        .Select(process => process.Split('='))
        .ToDictionary(
            process => process[0],
            process => process.Length == 2 && int.TryParse(process[1], CultureInfo.InvariantCulture, out int id)
                ? id
                : throw new BenchException("--processes must be name=pid,name=pid."));
}
