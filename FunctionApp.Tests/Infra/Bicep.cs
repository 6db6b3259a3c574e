using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace FunctionApp.Tests.Infra;

/// <summary>
/// What infra/ deploys, as the Bicep CLI predicts it offline: modules expanded, conditions and parameters evaluated.
/// What only Azure knows stays an expression in brackets.
/// </summary>
internal static partial class Bicep
{
    private static readonly ConcurrentDictionary<string, Task<JsonArray>> Predictions = [];
    private static readonly Lazy<Task<string>> Cli = new(FindCliAsync);
    private static readonly Lazy<Task<JsonNode>> Build = new(async () =>
        JsonNode.Parse(await RunAsync(await Cli.Value, ["build", "infra/main.bicep", "--stdout"]))!);

    public static string Repository { get; } = FindRepository(AppContext.BaseDirectory);

    /// <summary>The resources deployed when the environment has these variables, written NAME=value.</summary>
    public static Task<JsonArray> PredictAsync(params string[] environment) =>
        Predictions.GetOrAdd(string.Join('\n', environment), _ => SnapshotAsync(environment));

    /// <summary>The ARM template of main.bicep.</summary>
    public static Task<JsonNode> Template => Build.Value;

    /// <summary>A file's text; the path may start at the repository's root.</summary>
    public static string Text(string file) => File.ReadAllText(Path.Combine(Repository, file));

    public static JsonNode Json(string file) => JsonNode.Parse(Text(file))!;

    private static async Task<JsonArray> SnapshotAsync(string[] environment)
    {
        // The CLI writes its snapshot beside the parameter file.
        DirectoryInfo copy = Directory.CreateTempSubdirectory("infra");
        try
        {
            string infra = Path.Combine(Repository, "infra");
            foreach (string file in Directory.GetFiles(infra, "*.*").Concat(Directory.GetFiles(Path.Combine(infra, "modules"))))
            {
                string target = Path.Combine(copy.FullName, Path.GetRelativePath(infra, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
            }

            string parameters = Path.Combine(copy.FullName, "main.bicepparam");
            await RunAsync(
                await Cli.Value,
                ["snapshot", parameters, "--subscription-id", Guid.Empty.ToString(), "--location", "westeurope"],
                [.. EnvironmentVariable().Matches(Text(parameters)).Select(match => match.Groups[1].Value + "="), .. environment]);
            JsonNode snapshot = Json(Path.ChangeExtension(parameters, ".snapshot.json"));
            Assert.Empty(snapshot["diagnostics"]!.AsArray());
            return snapshot["predictedResources"]!.AsArray();
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    private static async Task<string> FindCliAsync()
    {
        string project = Path.Combine(Repository, "infra/tools/bicep.csproj");
        try
        {
            return (await RunAsync("dotnet", ["msbuild", project, "-restore", "-target:Fetched", "-getProperty:BicepPath"])).Trim();
        }
        catch (InvalidOperationException e) when (Environment.GetEnvironmentVariable("CI") is null)
        {
            try
            {
                await RunAsync("bicep", ["--version"]);
                return "bicep";
            }
            catch (System.ComponentModel.Win32Exception)
            {
                Assert.Skip($"There is no Bicep CLI on the PATH, and NuGet has none for this machine. {e.Message}");
                throw;
            }
        }
    }

    /// <summary>Standard output. Variables are written NAME=value; one without a value is taken away.</summary>
    private static async Task<string> RunAsync(string file, string[] arguments, string[]? environment = null)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository,
        };
        foreach (string[] variable in (environment ?? []).Select(variable => variable.Split('=', 2)))
        {
            start.Environment[variable[0]] = variable[1].Length > 0 ? variable[1] : null;
        }

        start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1"; // ICU need not be installed
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{file} {string.Join(' ', arguments)} failed: {output}{await error}");
    }

    private static string FindRepository(string directory) => File.Exists(Path.Combine(directory, "infra/main.bicep"))
        ? directory
        : FindRepository(Path.GetDirectoryName(directory) ?? throw new DirectoryNotFoundException("infra/ is not above the tests."));

    [GeneratedRegex(@"readEnvironmentVariable\('(\w+)'")]
    private static partial Regex EnvironmentVariable();
}
