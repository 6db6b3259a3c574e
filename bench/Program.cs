using Bench;
using Spectre.Console;
using Spectre.Console.Cli;

if (Console.IsOutputRedirected)
{
    AnsiConsole.Profile.Width = 200;
}

return await new CommandApp<CompareCommand>().RunAsync(args);
