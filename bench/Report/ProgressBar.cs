using Spectre.Console;

namespace Bench.Report;

/// <summary>A progress bar, where the output is a terminal; elsewhere a line per phase.</summary>
internal static class ProgressBar
{
    /// <param name="steps">How often the work will call its second argument.</param>
    /// <param name="work">Gets a function to name the phase and one to count a step.</param>
    public static async Task RunAsync(int steps, Func<Action<string>, Action, Task> work)
    {
        if (Console.IsOutputRedirected)
        {
            await work(Console.Error.WriteLine, () => { });
            return;
        }

        await AnsiConsole.Progress().StartAsync(async context =>
        {
            ProgressTask task = context.AddTask("measuring", maxValue: steps);
            await work(phase => task.Description = Markup.Escape(phase), () => task.Increment(1));
        });
    }
}
