using FunctionApp.Emulator.Host;

namespace Bench.Systems;

/// <summary>An Azurite table server, with the data in memory and on disk as the emulator starts it.</summary>
internal sealed class Azurite : IDisposable
{
    private readonly ChildProcess _process;
    private readonly string? _accessLog;

    private Azurite(ChildProcess process, int port, string? accessLog)
    {
        _process = process;
        _accessLog = accessLog;
        ConnectionString = LocalPort.AzuriteConnectionString(port);
    }

    public string ConnectionString { get; }

    public int ProcessId => _process.Id;

    /// <param name="countRequests">Keep an access log, which costs some speed.</param>
    public static async Task<Azurite> StartAsync(string folder, bool countRequests)
    {
        int port = LocalPort.FindFree();
        string? accessLog = countRequests ? Path.Combine(folder, "azurite.log") : null;
        var process = new ChildProcess(
            "node",
            [
                Path.Combine(Places.Emulator, "node_modules", "azurite", "dist", "src", "table", "main.js"),
                "--tableHost", "127.0.0.1",
                "--tablePort", port.ToString(CultureInfo.InvariantCulture),
                "--location", Path.Combine(folder, "azurite"),
                "--skipApiVersionCheck", "--disableTelemetry",
                .. (countRequests ? Array.Empty<string>() : ["--silent"]),
            ],
            outputFile: accessLog);
        using var http = new HttpClient();
        await process.WaitUntilAsync(async () =>
        {
            try
            {
                using HttpResponseMessage response = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/"));
                return true;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        return new(process, port, accessLog);
    }

    /// <summary>Requests about rows so far.</summary>
    public long CountRequests() => AccessLog.Count(_accessLog!);

    public void Dispose() => _process.Dispose();
}
