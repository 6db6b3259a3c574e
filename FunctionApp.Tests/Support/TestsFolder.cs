using System.Reflection;

namespace FunctionApp.Tests;

/// <summary>Where this project's sources are.</summary>
internal static class TestsFolder
{
    public static readonly string Path =
        typeof(TestsFolder).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == nameof(TestsFolder)).Value!;
}
