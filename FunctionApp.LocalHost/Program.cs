using System.Reflection;
using DurableLocalHost;

return await HostProgram.RunAsync(args, new ProgramDefaults(
    AppFolder: Folder("App"),
    DataFolder: Folder("Data"),
    SettingsFile: Path.Combine(AppContext.BaseDirectory, "local.settings.sample.json")));

// The build knows it.
static string Folder(string name) => Path.GetFullPath(Assembly.GetExecutingAssembly()
    .GetCustomAttributes<AssemblyMetadataAttribute>()
    .Single(metadata => metadata.Key == $"{name}Folder").Value!);
