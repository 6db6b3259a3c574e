using DurableLocalHost;

string folder = Environment.CurrentDirectory;
return await HostProgram.RunAsync(args, new ProgramDefaults(AppFolder: folder, DataFolder: Path.Combine(folder, ".durable-local-host")));
