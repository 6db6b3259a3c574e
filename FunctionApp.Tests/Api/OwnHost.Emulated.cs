using FunctionApp.Emulator;

namespace FunctionApp.Tests.Api;

/// <summary>The tests' own app: the emulated one.</summary>
internal static class OwnHost
{
    public static async Task<(IAsyncDisposable Host, HttpClient Http)?> StartAsync()
    {
        EmulatedFunctionApp app = await AzuriteFixture.StartAppAsync();
        return (app, app.Http);
    }
}
