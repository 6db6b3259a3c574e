using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using CliWrap;
using CliWrap.Buffered;
using FunctionApp.Tasks;
using FunctionApp.Web;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace FunctionApp.Tests.Web;

/// <summary>The API's own description is complete, and a linter finds nothing. That answers fit it is for the tests of the API.</summary>
[Collection<InProcessCollection>]
public sealed partial class OpenApiTests(InProcessApi api)
{
    // A route for the batches of every kind; callers see one for each.
    private const string AnyKind = "{kind:alpha}";

    [Fact]
    public void It_has_every_route_of_the_API_and_none_of_the_page()
    {
        string[] batchKinds = [.. api.Own.Services.GetRequiredService<TaskKinds>().All.Where(kind => kind.TakesBatches).Select(kind => kind.Name)];
        IEnumerable<string> routes =
            from method in typeof(GetOpenApi).Assembly.GetTypes().Where(type => type.Namespace != typeof(GetOpenApi).Namespace).SelectMany(type => type.GetMethods())
            where method.GetCustomAttribute<FunctionAttribute>() is not null
            from trigger in method.GetParameters().Select(parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>())
            where trigger is not null
            from verb in trigger.Methods!
            where verb != "head" // as GET, which the description says once
            from route in trigger.Route!.Contains(AnyKind)
                ? batchKinds.Select(kind => trigger.Route.Replace(AnyKind, kind))
                : [trigger.Route]
            select $"{verb} {Template($"/{route}")}";

        Assert.Equal(routes.Order(), OpenApi.Operations().Select(operation => $"{operation.Method} {Template(operation.Path)}").Order());
    }

    [Fact]
    public async Task A_linter_finds_nothing()
    {
        string npm = Path.Combine(TestsFolder.Path, "Web", "npm");
        string file = Path.Combine(TestsFolder.Path, "..", "FunctionApp", "Web", "openapi.json");
        BufferedCommandResult linter = await Cli.Wrap("node")
            .WithArguments([Path.Combine(npm, "node_modules", "@redocly", "cli", "bin", "cli.js"), "lint", "--format=stylish", file])
            .WithWorkingDirectory(npm)
            .WithEnvironmentVariables(variables => variables.Set("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"))
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync();

        Assert.True(linter.ExitCode == 0, linter.StandardOutput + linter.StandardError);
    }

    [Theory]
    [InlineData("""{"type": "about:blank", "title": "Not Found", "status": 404}""", "Problem")]
    [InlineData("""{"type": "about:blank", "title": "Not Found", "status": 404, "detail": "No.", "task_status": "Gone"}""", "Problem")]
    [InlineData("""{"result": 4.6, "more": 1}""", "MultiplicationResult")]
    [InlineData("""{"result": "4.6"}""", "MultiplicationResult")]
    [InlineData("""{"task_id": "4711"}""", "SubmittedTask")]
    public void What_is_not_described_is_noticed(string json, string schema) =>
        Assert.Throws<Xunit.Sdk.TrueException>(() => OpenApi.AssertValid(JsonElement.Parse(json), schema));

    // A parameter's name in the code, and its constraints, are not its name for callers.
    private static string Template(string route) => Parameter().Replace(Optional().Replace(route, ""), "{}");

    [GeneratedRegex(@"\{[^}]*\?\}")]
    private static partial Regex Optional();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();
}
