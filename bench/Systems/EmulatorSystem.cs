using Bench.Client;
using FunctionApp.Emulator.Host;

namespace Bench.Systems;

/// <summary>The emulator, its release build, with an Azurite beside it.</summary>
internal sealed class EmulatorSystem : ISystem
{
    private readonly ChildProcess _emulator;

    private EmulatorSystem(ChildProcess emulator, Api api, Azurite azurite)
    {
        _emulator = emulator;
        Api = api;
        Processes = new Dictionary<string, int> { ["emulator"] = emulator.Id, ["Azurite"] = azurite.ProcessId };
    }

    public Api Api { get; }

    public IReadOnlyDictionary<string, int> Processes { get; }

    /// <param name="dataFolder">Where its journal is.</param>
    /// <param name="azurite">Stays with the caller.</param>
    /// <param name="delay">What a task waits, as a time span.</param>
    public static async Task<EmulatorSystem> StartAsync(string dataFolder, Azurite azurite, string delay = "00:00:00")
    {
        string url = $"http://127.0.0.1:{LocalPort.FindFree()}";
        var emulator = new ChildProcess(
            "dotnet",
            [Path.Combine(Places.Emulator, "bin", "Release", "net10.0", "FunctionApp.Emulator.dll"), "--urls", url],
            new Dictionary<string, string>
            {
                ["AzureWebJobsStorage"] = azurite.ConnectionString,
                ["Emulator__DataFolder"] = dataFolder,
                ["SlowMultiply__Delay"] = delay,
                ["SlowMultiply__Timeout"] = "02:00:00",
            });
        var api = new Api(new Uri(url), null);
        try
        {
            await emulator.WaitUntilAsync(api.AnswersAsync);
            return new(emulator, api, azurite);
        }
        catch
        {
            emulator.Dispose();
            throw;
        }
    }

    public ValueTask DisposeAsync()
    {
        Api.Dispose();
        _emulator.Dispose();
        return ValueTask.CompletedTask;
    }
}
