namespace FunctionApp.Tests;

/// <summary>Environment variables that make a test longer, or repeat a run of it.</summary>
internal static class TestRun
{
    public static int Read(string variable, int defaultValue) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), out int value) ? value : defaultValue;
}
