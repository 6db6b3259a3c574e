using System.ComponentModel;
using System.Text.Json.Nodes;
using CliWrap;
using CliWrap.Buffered;

namespace DurableLocalHost;

/// <summary>
/// Azurite's npm package on this machine. It is large, and many apps never need it, so it is no part of this one: what is here already is
/// used, or else it is installed once for all apps of this user.
/// </summary>
internal static class AzuritePackage
{
    // Of the runtime's configuration: a folder whose node_modules have it.
    private const string FolderSetting = "DurableLocalHost.AzuriteFolder";

    private const string Manifest = "package.json";
    private const string LockFile = "package-lock.json";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <returns>Its folder.</returns>
    /// <exception cref="LocalHostException">It is not here, and cannot be installed.</exception>
    public static async Task<string> FindAsync()
    {
        if (AppContext.GetData(FolderSetting) is string folder && InModules(folder) is var own && Directory.Exists(own))
        {
            return own;
        }

        using Stream manifest = OpenResource(Manifest);
        string version = (string)(await JsonNode.ParseAsync(manifest))!["dependencies"]!["azurite"]!;
        return FindInstalled(Version.Parse(version), [Environment.CurrentDirectory, AppContext.BaseDirectory], Environment.GetEnvironmentVariable("PATH"))
            ?? await InstallAsync(version);
    }

    /// <summary>One that is here already, of the version that is wanted or a later one that promises to be compatible.</summary>
    /// <param name="wanted">The version.</param>
    /// <param name="folders">It may be in node_modules in or above these.</param>
    /// <param name="path">Or be a command in one of these folders, divided as in the variable PATH.</param>
    internal static string? FindInstalled(Version wanted, IEnumerable<string> folders, string? path) =>
        folders.SelectMany(Above).Select(InModules).Concat(Commands(path)).FirstOrDefault(package => IsUsable(package, wanted));

    /// <summary>Writes a file that this assembly has inside.</summary>
    public static void CopyResource(string name, string path)
    {
        using Stream resource = OpenResource(name);
        using FileStream file = File.Create(path);
        resource.CopyTo(file);
    }

    public static LocalHostException LacksNode(string command, Win32Exception reason) => new(
        $"Node.js 20 or newer is needed to run Azurite, which stands in for Azure Storage, but '{command}' cannot be started. Install it "
        + "(https://nodejs.org), or start Azurite yourself, or, if the app keeps nothing in its storage account, leave the setting AzureWebJobsStorage empty.",
        reason);

    private static Stream OpenResource(string name) => typeof(AzuritePackage).Assembly.GetManifestResourceStream(typeof(AzuritePackage), name)!;

    private static string InModules(string folder) => Path.Combine(folder, "node_modules", "azurite");

    private static IEnumerable<string> Above(string folder)
    {
        for (DirectoryInfo? at = new(folder); at is not null; at = at.Parent)
        {
            yield return at.FullName;
        }
    }

    private static IEnumerable<string> Commands(string? path)
    {
        foreach (string folder in (path ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            // npm makes a command a link into its package; on Windows a script, beside the folder of packages.
            var command = new FileInfo(Path.Combine(folder, "azurite"));
            yield return command.LinkTarget is not null && command.ResolveLinkTarget(returnFinalTarget: true) is { Exists: true } target
                ? Path.GetFullPath(Path.Combine(target.FullName, "../../.."))
                : InModules(folder);
        }
    }

    private static bool IsUsable(string package, Version wanted)
    {
        string manifest = Path.Combine(package, Manifest);
        return File.Exists(manifest) && JsonNode.Parse(File.ReadAllText(manifest)) is JsonObject json && (string?)json["name"] is "azurite"
            && Version.TryParse((string?)json["version"], out Version? found) && found.Major == wanted.Major && found >= wanted;
    }

    private static async Task<string> InstallAsync(string version)
    {
        string data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        string folder = Path.Combine(data, "DurableLocalHost", $"azurite-{version}");
        // npm writes it last.
        string last = Path.Combine(folder, "node_modules", ".package-lock.json");
        try
        {
            if (!File.Exists(last))
            {
                Directory.CreateDirectory(folder);
                // Tests of several projects may start at once.
                using FileStream @lock = await LockAsync(Path.Combine(folder, "lock"));
                if (!File.Exists(last))
                {
                    await RunNpmAsync(version, folder);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LocalHostException($"Azurite cannot be installed into {folder}: {e.Message}", e);
        }

        return InModules(folder);
    }

    private static async Task<FileStream> LockAsync(string path)
    {
        for (long start = Environment.TickCount64; ; await Task.Delay(100))
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.None);
            }
            catch (IOException) when (Environment.TickCount64 - start < Patience.TotalMilliseconds)
            {
                // Another process has it.
            }
        }
    }

    private static async Task RunNpmAsync(string version, string folder)
    {
        CopyResource(Manifest, Path.Combine(folder, Manifest));
        CopyResource(LockFile, Path.Combine(folder, LockFile));
        CommandTask<BufferedCommandResult> npm;
        try
        {
            npm = Cli.Wrap("npm").WithArguments(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
                .WithWorkingDirectory(folder).WithValidation(CommandResultValidation.None).ExecuteBufferedAsync();
        }
        catch (Win32Exception e)
        {
            throw LacksNode("npm", e);
        }

        Console.WriteLine($"Installing Azurite {version}, once, into {folder}…");
        if (await npm is { ExitCode: not 0 } result)
        {
            throw new LocalHostException($"Azurite cannot be installed: 'npm ci' in {folder} says: {result.StandardError.Trim()}");
        }
    }
}
