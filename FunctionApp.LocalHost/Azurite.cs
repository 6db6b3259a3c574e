using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;

namespace FunctionApp.LocalHost;

/// <summary>
/// An Azurite of the host's or a test's own, a child process. It ends when its standard input does, so however its parent
/// ends, kill -9 included, Azurite saves its data and ends too.
/// </summary>
public sealed class Azurite : IAsyncDisposable
{
    // Azurite's account is the same everywhere: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
    private const string WellKnownKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly string[] Services = ["table", "queue", "blob"];

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Azurite(string dataFolder, string connectionString, Uri[] endpoints)
    {
        ConnectionString = connectionString;
        string[] arguments =
        [
            Path.Combine(ProjectFolders.LocalHost, "azurite.js"), endpoints.Length == 1 ? "table/main.js" : "azurite.js",
            .. endpoints.Zip(Services).SelectMany(pair => new[]
            {
                $"--{pair.Second}Host", pair.First.Host, $"--{pair.Second}Port", pair.First.Port.ToString(CultureInfo.InvariantCulture),
            }),
            "--location", Path.Combine(dataFolder, "azurite"), "--silent", "--skipApiVersionCheck", "--disableTelemetry",
        ];
        var start = new ProcessStartInfo("node", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            _process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new LocalHostException(
                "Node.js is needed to run Azurite, but 'node' cannot be started. Install it (https://nodejs.org), or start Azurite yourself.", e);
        }

        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => Read(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string ConnectionString { get; }

    /// <summary>Starts blobs, queues and tables on free ports of the loopback interface.</summary>
    /// <param name="dataFolder">Where it keeps its data, in a folder of its own.</param>
    /// <exception cref="LocalHostException">It cannot be started.</exception>
    public static Task<Azurite> StartAsync(string dataFolder)
    {
        string connectionString = NewConnectionString();
        return StartAsync(dataFolder, connectionString, FindEndpoints(connectionString, tablesOnly: false));
    }

    /// <summary>For blobs, queues and tables on free ports of the loopback interface.</summary>
    internal static string NewConnectionString()
    {
        int[] ports = FindFreePorts(3);
        return $"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={WellKnownKey};" +
            $"TableEndpoint=http://127.0.0.1:{ports[0]}/devstoreaccount1;QueueEndpoint=http://127.0.0.1:{ports[1]}/devstoreaccount1;" +
            $"BlobEndpoint=http://127.0.0.1:{ports[2]}/devstoreaccount1;";
    }

    /// <summary>
    /// Starts Azurite for the connection string, if that is one for this machine and nothing answers there yet.
    /// Null if something does, or if the string is not one: the app itself says what is wrong with it.
    /// </summary>
    /// <exception cref="LocalHostException">It cannot be started, or a port is taken by something else.</exception>
    internal static async Task<Azurite?> StartIfNeededAsync(string dataFolder, string? connectionString, bool tablesOnly)
    {
        Uri[] endpoints = FindEndpoints(connectionString, tablesOnly);
        if (endpoints is [] || !Array.TrueForAll(endpoints, endpoint => endpoint.IsLoopback))
        {
            return null;
        }

        bool[] answers = await Task.WhenAll(endpoints.Select(AnswersAsync));
        return answers.All(answer => answer) ? null
            : !answers.Any(answer => answer) ? await StartAsync(dataFolder, connectionString!, endpoints)
            : throw new LocalHostException(
                $"Of {string.Join(", ", endpoints.Select(uri => uri.Authority))} only some answer: stop that Azurite, or let it serve tables, queues and blobs.");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            using var patience = new CancellationTokenSource(Patience);
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }

    private static async Task<Azurite> StartAsync(string dataFolder, string connectionString, Uri[] endpoints)
    {
        if (!Directory.Exists(Path.Combine(ProjectFolders.LocalHost, "node_modules", "azurite")))
        {
            throw new LocalHostException("Azurite is not installed. Build FunctionApp.LocalHost again, or run 'npm ci' in its folder.");
        }

        // An Azurite whose host was killed may still be saving its data.
        string pidFile = Path.Combine(dataFolder, "azurite.pid");
        await WaitForPreviousAsync(pidFile);
        var azurite = new Azurite(dataFolder, connectionString, endpoints);
        try
        {
            await File.WriteAllTextAsync(pidFile, azurite._process.Id.ToString(CultureInfo.InvariantCulture));
            Task exit = azurite._process.WaitForExitAsync();
            return await Task.WhenAny(azurite._ready.Task, exit, Task.Delay(Patience)) == azurite._ready.Task
                ? azurite
                : throw new LocalHostException($"Azurite did not start at {endpoints[0].Authority}: {string.Join(' ', azurite._output)}");
        }
        catch
        {
            await azurite.DisposeAsync();
            throw;
        }
    }

    /// <summary>In the order of <see cref="Services"/>; none if the string is not a connection string.</summary>
    private static Uri[] FindEndpoints(string? connectionString, bool tablesOnly)
    {
        try
        {
            Uri tables = new TableServiceClient(connectionString).Uri;
            return tablesOnly ? [tables] : [tables, new QueueServiceClient(connectionString).Uri, new BlobServiceClient(connectionString).Uri];
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            return [];
        }
    }

    private static async Task<bool> AnswersAsync(Uri endpoint)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            using HttpResponseMessage response = await http.GetAsync(endpoint);
            return true;
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError)
        {
            return false;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            throw new LocalHostException(
                $"Port {endpoint.Port} is taken by a program that is not Azurite. Stop it, or set AzureWebJobsStorage to other ports.", e);
        }
    }

    private static async Task WaitForPreviousAsync(string pidFile)
    {
        if (!File.Exists(pidFile) || !int.TryParse(await File.ReadAllTextAsync(pidFile), CultureInfo.InvariantCulture, out int pid))
        {
            return;
        }

        try
        {
            using var previous = Process.GetProcessById(pid);
            if (previous.ProcessName.StartsWith("node", StringComparison.Ordinal))
            {
                await previous.WaitForExitAsync().WaitAsync(Patience);
            }
        }
        catch (Exception e) when (e is ArgumentException or TimeoutException)
        {
            // It has ended, as it should; or that number is another program's by now.
        }
    }

    private static int[] FindFreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        Array.ForEach(listeners, listener => listener.Start());
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        Array.ForEach(listeners, listener => listener.Dispose());
        return ports;
    }

    private void Read(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
        {
            return;
        }

        _output.Enqueue(line);
        // Tables start last.
        if (line.StartsWith("Azurite Table service", StringComparison.Ordinal) && line.Contains("successfully", StringComparison.Ordinal))
        {
            _ready.TrySetResult();
        }
    }
}
