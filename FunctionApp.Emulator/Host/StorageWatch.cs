using Azure.Data.Tables;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Emulator.Host;

/// <summary>
/// Watches the storage account. In Azure the task hub lives in it, so while it does not answer, neither does the task
/// hub; here the journal could, but then an app would be tested against a kinder world. Logs a line per outage and
/// recovery.
/// </summary>
internal sealed class StorageWatch(Uri endpoint, ILogger<StorageWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private volatile bool _isDown;

    public bool IsDown => _isDown;

    /// <summary>The table endpoint of a connection string; null if it is not one.</summary>
    public static Uri? TableEndpoint(string? connectionString)
    {
        try
        {
            return new TableServiceClient(connectionString).Uri;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var http = new HttpClient { Timeout = Patience };
        using var timer = new PeriodicTimer(Interval);
        do
        {
            string? trouble = await FindTroubleAsync(http, stoppingToken);
            if (trouble is not null && !_isDown)
            {
                logger.LogWarning("Storage at {Endpoint} does not answer ({Trouble}); tasks wait for it.", endpoint, trouble);
            }
            else if (trouble is null && _isDown)
            {
                logger.LogWarning("Storage at {Endpoint} answers again.", endpoint);
            }

            _isDown = trouble is not null;
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task<string?> FindTroubleAsync(HttpClient http, CancellationToken stoppingToken)
    {
        try
        {
            using HttpResponseMessage response = await http.GetAsync(endpoint, stoppingToken);
            return (int)response.StatusCode is 429 or >= 500 ? $"status {(int)response.StatusCode}" : null;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !stoppingToken.IsCancellationRequested)
        {
            return e is HttpRequestException failed ? failed.HttpRequestError.ToString() : "timeout";
        }
    }
}
