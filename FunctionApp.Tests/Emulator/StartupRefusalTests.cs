using FunctionApp.Emulator.Host;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace FunctionApp.Tests.Emulator;

/// <summary>What the emulator cannot run is refused at start, on one line that names the function and the thing.</summary>
public class StartupRefusalTests
{
    [Theory]
    [InlineData(typeof(UnknownTrigger), "QueueTrigger")]
    [InlineData(typeof(NoTrigger), "0 triggers")]
    [InlineData(typeof(UnknownBinding), "'blob' of type String")]
    [InlineData(typeof(UnknownParameter), "'other' of type Int32")]
    [InlineData(typeof(UnknownResult), "a result other than IResult")]
    [InlineData(typeof(UnknownOutput), "QueueOutput")]
    [InlineData(typeof(SameName), "the name of another function")]
    public void An_unsupported_function_is_named(Type type, string what)
    {
        EmulatorException e = Assert.Throws<EmulatorException>(() => new FunctionCatalog([type]));

        Assert.StartsWith($"The function {type.Name} has ", e.Message, StringComparison.Ordinal);
        Assert.Contains(what, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [AttributeUsage(AttributeTargets.Parameter)]
    private sealed class QueueTriggerAttribute : TriggerBindingAttribute;

    [AttributeUsage(AttributeTargets.Parameter)]
    private sealed class BlobInputAttribute : InputBindingAttribute;

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class QueueOutputAttribute : OutputBindingAttribute;

    private static class UnknownTrigger
    {
        [Function(nameof(UnknownTrigger))]
        public static void Run([QueueTrigger] string message) => _ = message;
    }

    private static class NoTrigger
    {
        [Function(nameof(NoTrigger))]
        public static void Run(string message) => _ = message;
    }

    private static class UnknownBinding
    {
        [Function(nameof(UnknownBinding))]
        public static IResult Run([HttpTrigger] HttpRequest request, [BlobInput] string blob) => Results.Ok((request, blob));
    }

    private static class UnknownParameter
    {
        [Function(nameof(UnknownParameter))]
        public static void Run([ActivityTrigger] string input, int other) => _ = (input, other);
    }

    private static class UnknownResult
    {
        [Function(nameof(UnknownResult))]
        public static string Run([HttpTrigger] HttpRequest request) => request.Path;
    }

    private static class UnknownOutput
    {
        [Function(nameof(UnknownOutput)), QueueOutput]
        public static string Run([ActivityTrigger] string input) => input;
    }

    private static class SameName
    {
        [Function(nameof(SameName))]
        public static void One([ActivityTrigger] string input) => _ = input;

        [Function(nameof(SameName))]
        public static void Two([ActivityTrigger] string input) => _ = input;
    }
}
