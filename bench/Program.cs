using Bench;

const string Usage = """
    bench/measure URL [--api-key KEY] [--runs 3] [--tasks 2000] [--posts 4000] [--json FILE]
                      [--processes NAME=PID,…] [--azurite-log FILE]
        measures a running instance
    bench/compare [--rounds 3] [--tasks 2000] [--posts 4000] [--json bench/results/compare.json]
        measures the emulator beside RQ with one and two workers
    bench/growth [--rounds 7] [--tasks 2000] [--json bench/results/growth.json]
        measures the emulator with 100 to 100,000 tasks in its journal
    bench/plot [JSON of bench/compare] [SVG]
        draws docs/performance.json as docs/performance.svg
    """;

try
{
    var arguments = new Arguments(args);
    Func<Arguments, Task>? command = arguments.Word(0) switch
    {
        "measure" => Commands.MeasureAsync,
        "compare" => Commands.CompareAsync,
        "growth" => Commands.GrowthAsync,
        "plot" => Commands.PlotAsync,
        _ => null,
    };
    if (command is null)
    {
        await Console.Error.WriteLineAsync(Usage);
        return 2;
    }

    await command(arguments);
    return 0;
}
catch (Exception e) when (e is BenchException or HttpRequestException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
