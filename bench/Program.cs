using Bench;
using Spectre.Console.Cli;

return await new CommandApp<CompareCommand>().RunAsync(args);
