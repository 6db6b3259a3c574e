using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CliWrap;
using CliWrap.Buffered;

namespace FunctionApp.Tests.Infra;

/// <summary>
/// What infra/ deploys, as the Bicep CLI predicts it offline: modules expanded, conditions and parameters evaluated.
/// What only Azure knows stays an expression in brackets.
/// </summary>
internal static partial class Bicep
{
    private static readonly ConcurrentDictionary<string, Task<JsonArray>> Predictions = [];
    private static readonly Lazy<Task<string>> BicepCli = new(FindCliAsync);
    private static readonly string Repository = Path.GetDirectoryName(TestsFolder.Path)!;

    /// <summary>The resources deployed when the environment has these variables, written NAME=value.</summary>
    public static Task<JsonArray> PredictAsync(params string[] environment) =>
        Predictions.GetOrAdd(string.Join('\n', environment), _ => SnapshotAsync(environment));

    /// <summary>A file of the repository.</summary>
    public static JsonNode Json(string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(Repository, file)))!;

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
            var variables = EnvironmentVariable().Matches(await File.ReadAllTextAsync(parameters))
                .ToDictionary(match => match.Groups[1].Value, _ => (string?)null);
            foreach (string[] variable in environment.Select(variable => variable.Split('=', 2)))
            {
                variables[variable[0]] = variable[1];
            }

            await RunAsync(
                await BicepCli.Value,
                ["snapshot", parameters, "--subscription-id", Guid.Empty.ToString(), "--location", "westeurope"],
                variables);
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
        return (await RunAsync("dotnet", ["msbuild", project, "-restore", "-target:Fetched", "-getProperty:BicepPath"], [])).Trim();
    }

    /// <summary>Standard output. A variable that is null is taken away.</summary>
    private static async Task<string> RunAsync(string file, string[] arguments, Dictionary<string, string?> environment)
    {
        environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1"; // ICU need not be installed
        BufferedCommandResult result = await Cli.Wrap(file)
            .WithArguments(arguments)
            .WithEnvironmentVariables(environment)
            .WithWorkingDirectory(Repository)
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync();
        Assert.True(result.IsSuccess, $"{file} {string.Join(' ', arguments)} failed: {result.StandardOutput}{result.StandardError}");
        return result.StandardOutput;
    }

    [GeneratedRegex(@"readEnvironmentVariable\('(\w+)'")]
    private static partial Regex EnvironmentVariable();
}
