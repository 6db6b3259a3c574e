using System.Net;
using System.Net.Sockets;

namespace FunctionApp.LocalHost;

/// <summary>Ports on the loopback interface, for tests.</summary>
public static class LocalPort
{
    // Azurite's account is the same everywhere: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
    private const string WellKnownKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    public static int FindFree()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>For an Azurite table server at that port.</summary>
    public static string AzuriteConnectionString(int tablePort) =>
        $"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={WellKnownKey};TableEndpoint=http://127.0.0.1:{tablePort}/devstoreaccount1;";
}
