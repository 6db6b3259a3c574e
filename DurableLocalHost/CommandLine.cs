using System.CommandLine;
using System.CommandLine.Parsing;

namespace DurableLocalHost;

/// <summary>What the program is told when it is started.</summary>
internal sealed class CommandLine(ProgramDefaults defaults)
{
    private static readonly Option<string?> Urls = new("--urls")
    {
        Description = "Where to listen, divided by semicolons [default: http://localhost:7071, or Host.LocalHttpPort of local.settings.json]",
        HelpName = "addresses",
        CustomParser = ParseUrls,
    };

    private static readonly Option<ushort?> Port = new("--port", "-p")
    {
        Description = "The port of localhost to listen on, instead of --urls",
        HelpName = "number",
    };

    private static readonly Option<StorageProvider> Storage = new("--storage")
    {
        Description = "Where orchestrations are kept: in one file of the data folder, or in the storage account, as host.json says",
        HelpName = "Sqlite|AzureStorage",
        CustomParser = ParseStorage,
        DefaultValueFactory = _ => StorageProvider.Sqlite,
    };

    private static readonly Option<bool> Strict = new("--strict")
    {
        Description = "Refuse an app with a function that cannot be run here, instead of leaving the function out",
    };

    private static readonly Option<bool> Keys = new("--keys")
    {
        Description = "Ask callers for keys, as in Azure, and print them: in the header x-functions-key, or ?code=",
    };

    private readonly Option<string> _data = new("--data-folder")
    {
        Description = "Holds the SQLite file, and the data of the Azurite that the host starts",
        HelpName = "path",
        DefaultValueFactory = _ => defaults.DataFolder,
    };

    private readonly Option<string> _app = new("--app-folder")
    {
        Description = "The project of an app for .NET isolated with Durable Functions, or its build output",
        HelpName = "path",
        DefaultValueFactory = _ => defaults.AppFolder,
    };

    /// <summary>Runs what the command line asks for: the host, or the answer to <c>--help</c> or <c>--version</c>.</summary>
    /// <param name="run">Runs the host.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="LocalHostException">It asks for something that is not known.</exception>
    public Task<int> RunAsync(string[] args, Func<StartOptions, Task<int>> run)
    {
        var command = new RootCommand("Runs the build of a Functions app on this machine, without Core Tools.") { Urls, Port, Storage, _data, _app, Strict, Keys };
        command.Validators.Add(given =>
        {
            if (given.GetResult(Urls) is not null && given.GetResult(Port) is not null)
            {
                given.AddError("--port and --urls both say where to listen: give one of them");
            }
        });
        command.SetAction((given, _) => run(new StartOptions
        {
            AppFolder = AppFolder.Find(given.GetValue(_app)!),
            DataFolder = Path.GetFullPath(given.GetValue(_data)!),
            SettingsFile = given.GetValue(_app) == defaults.AppFolder ? defaults.SettingsFile : null,
            Urls = given.GetValue(Urls) ?? (given.GetValue(Port) is { } port ? $"http://localhost:{port}" : null),
            Storage = given.GetValue(Storage),
            Strict = given.GetValue(Strict),
            Keys = given.GetValue(Keys),
        }));
        ParseResult given = command.Parse(args);
        return given.Errors is [{ Message: string message }, ..]
            ? throw new LocalHostException($"{message.TrimEnd('.')}. --help shows the options.")
            // The program has an ear for signals of its own, and a line for its exceptions.
            : given.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    private static string? ParseUrls(ArgumentResult argument)
    {
        string urls = argument.Tokens[0].Value;
        if (urls.Split(';', StringSplitOptions.RemoveEmptyEntries) is not { Length: > 0 } all || !Array.TrueForAll(all, IsAddress))
        {
            argument.AddError($"--urls is \"{urls}\", but must be addresses such as http://localhost:7071, divided by semicolons");
        }

        return urls;
    }

    private static bool IsAddress(string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            return address.Scheme == Uri.UriSchemeHttp && address is { IsUnixPipe: false, IsNamedPipe: false, PathBase: "", Port: >= 0 and <= ushort.MaxValue };
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static StorageProvider ParseStorage(ArgumentResult argument)
    {
        if (!Enum.TryParse(argument.Tokens[0].Value, ignoreCase: true, out StorageProvider storage) || !Enum.IsDefined(storage))
        {
            argument.AddError($"--storage is \"{argument.Tokens[0].Value}\", but can be Sqlite or AzureStorage");
        }

        return storage;
    }
}
