using System.Net;
using System.Net.Sockets;
using System.Reflection;

namespace Bench.Systems;

/// <summary>Folders of the repository, and free ports.</summary>
internal static class Places
{
    public static string Bench { get; } = typeof(Places).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => metadata.Key == "BenchDirectory").Value!;

    public static string Repository { get; } = Path.GetDirectoryName(Bench)!;

    public static string Emulator { get; } = Path.Combine(Repository, "FunctionApp.Emulator");

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
