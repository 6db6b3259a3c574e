namespace FunctionApp.Tests.Api;

/// <summary>The official packages come without a host that runs in a test.</summary>
internal static class OwnHost
{
    public static Task<(IAsyncDisposable Host, HttpClient Http)?> StartAsync() =>
        Task.FromResult<(IAsyncDisposable, HttpClient)?>(null);
}
