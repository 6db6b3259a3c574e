using System.ComponentModel;
using Bench.Systems;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Bench;

/// <summary>What the command line can say.</summary>
public sealed class CompareOptions : CommandSettings
{
    [CommandOption("--rounds"), DefaultValue(3), Description("Rounds; figures are medians over them.")]
    public int Rounds { get; init; }
    [CommandOption("--tasks"), DefaultValue(2_000), Description("Tasks for tasks/s with SQLite; a tenth of them elsewhere.")]
    public int Tasks { get; init; }
    [CommandOption("--kept"), DefaultValue(100_000), Description("Tasks kept for the figures of growth; 0 leaves these out.")]
    public int Kept { get; init; }
    [CommandOption("--before"), Description("A folder with a release build of the benchmark of another commit, which is measured beside this one.")]
    public string? Before { get; init; }
    [CommandOption("--only"), Description("Measures this system only, named as in the table; or growth, tests, sizes, callers or waiting.")]
    public string? Only { get; init; }
    [CommandOption("--url"), Description("Measures whatever runs there instead, such as http://localhost:7071 or an app in Azure.")]
    public Uri? Url { get; init; }
    [CommandOption("--key"), Description("Function key for --url.")]
    public string? Key { get; init; }
}

/// <summary>
/// Measures the app on the local host beside what people would otherwise build, RQ: each system started anew with empty data,
/// one after the other, round by round, so that what else happens on the machine meets all of them.
/// </summary>
public sealed class CompareCommand : AsyncCommand<CompareOptions>
{
    public override async Task<int> ExecuteAsync(CommandContext context, CompareOptions settings, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var results = new Results();
        try
        {
            await AnsiConsole.Status().StartAsync("starting", status => MeasureAsync(settings, results, text => status.Status(text).Refresh()));
            return 0;
        }
        finally
        {
            results.Print();
        }
    }

    private static async Task MeasureAsync(CompareOptions options, Results results, Action<string> say)
    {
        string[] systems = options.Url is { } url ? [url.Authority]
            : [.. Names(options).Where(name => (options.Only ?? name) == name)];
        for (int round = 1; round <= options.Rounds; round++)
        {
            foreach (string name in systems)
            {
                say($"round {round} of {options.Rounds}: {name}");
                using var folder = new TemporaryFolder(Path.GetTempPath());
                await using RunningSystem system = options.Url is not null ? new RunningSystem(options.Url, options.Key)
                    : name == Rq.Name ? await Rq.StartAsync(folder.Path)
                    : await LocalHost.StartAsync(name, folder.Path, options.Before);
                int tasks = name is LocalHost.AzureStorage or Rq.Name ? options.Tasks / 10 : options.Tasks;
                await new Measurement(system, results, name).RunAsync(tasks);
            }
        }

        if (options is { Only: null or "tests", Url: null })
        {
            say("an app in tests");
            await AppInTests.MeasureAsync(results);
        }

        for (int round = 1; round <= options.Rounds && options is { Only: null or "sizes", Url: null }; round++)
        {
            say($"round {round} of {options.Rounds}: large data");
            await Sizes.MeasureAsync(results);
        }

        if (options is { Only: null or "callers", Url: null })
        {
            say("callers who wait");
            await Callers.MeasureAsync(results);
        }

        foreach (string name in options is { Kept: > 0, Only: null or "waiting", Url: null } ? Names(options).Except([Rq.Name, LocalHost.AzureStorage]) : [])
        {
            say($"{options.Kept:N0} tasks that wait: {name}");
            await Waiting.MeasureAsync(options.Kept, name, options.Before, results);
        }

        if (options is { Kept: > 0, Only: null or "growth", Url: null })
        {
            await new Growth(options.Kept, options.Tasks, results, say).RunAsync(options.Rounds);
        }
    }

    private static string[] Names(CompareOptions options) =>
        [Rq.Name, .. options.Before is null ? [] : new[] { LocalHost.Before }, LocalHost.Sqlite, LocalHost.AzureStorage];
}
