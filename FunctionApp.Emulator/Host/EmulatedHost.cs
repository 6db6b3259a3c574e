using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;

namespace FunctionApp.Emulator.Host;

/// <summary>The app as a host that, when it cannot start, says why on one line.</summary>
internal sealed class EmulatedHost(WebApplication app) : IHost, IAsyncDisposable
{
    public IServiceProvider Services => app.Services;

    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is SqliteException or JsonException)
        {
            throw EmulatorSession.Refuse(new EmulatorException($"The journal cannot be read: {e.Message}", e));
        }
        catch (Exception e) when (e is IOException or SocketException or FormatException)
        {
            throw EmulatorSession.Refuse(new EmulatorException(
                $"The emulator cannot listen: {e.Message.TrimEnd('.')}. Stop what does, or choose another address with --urls.", e));
        }
    }

    public Task StopAsync(CancellationToken cancellationToken = default) => app.StopAsync(cancellationToken);

    public void Dispose() => ((IDisposable)app).Dispose();

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
