using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Azure;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using CliWrap;

namespace DurableLocalHost;

/// <summary>
/// An Azurite of the host's or a test's own, a child process. It ends when its standard input does, so however its parent
/// ends, kill -9 included, Azurite saves its data and ends too.
/// </summary>
public sealed class Azurite : IAsyncDisposable
{
    // Azurite's account is the same everywhere: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
    private const string WellKnownKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    // Runs it.
    private const string Script = "azurite.cjs";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly string[] Services = ["table", "queue", "blob"];

    private readonly ConcurrentQueue<string> _output = new();
    private readonly TaskCompletionSource _stop = new();
    private readonly CancellationTokenSource _kill = new();
    private readonly CommandTask<CommandResult> _process;

    private Azurite(string package, string dataFolder, string connectionString, Uri[] endpoints, bool tablesFirst)
    {
        ConnectionString = connectionString;
        string script = Path.Combine(dataFolder, Script);
        AzuritePackage.CopyResource(Script, script);
        string[] arguments =
        [
            script, package, !tablesFirst ? "azurite.js" : endpoints.Length == 1 ? "table/main.js" : "table/main.js,blob/main.js",
            .. endpoints.Zip(Services, (endpoint, service) => $"--{service}Host={endpoint.Host}"),
            .. endpoints.Zip(Services, (endpoint, service) => $"--{service}Port={endpoint.Port}"),
            "--location", Path.Combine(dataFolder, "azurite"), "--silent", "--skipApiVersionCheck", "--disableTelemetry",
        ];
        try
        {
            _process = Cli.Wrap("node")
                .WithArguments(arguments)
                .WithStandardInputPipe(PipeSource.Create((_, _) => _stop.Task))
                .WithStandardOutputPipe(PipeTarget.ToDelegate(_output.Enqueue))
                .WithStandardErrorPipe(PipeTarget.ToDelegate(_output.Enqueue))
                .WithValidation(CommandResultValidation.None)
                .ExecuteAsync(_kill.Token);
        }
        catch (Win32Exception e)
        {
            throw AzuritePackage.LacksNode("node", e);
        }
    }

    public string ConnectionString { get; }

    /// <summary>Starts tables, queues and blobs on free ports of the loopback interface.</summary>
    /// <param name="dataFolder">Where it keeps its data, in a folder of its own.</param>
    /// <exception cref="LocalHostException">It cannot be started.</exception>
    public static async Task<Azurite> StartAsync(string dataFolder) =>
        (await StartIfNeededAsync(dataFolder, NewConnectionString(), tablesFirst: false))!;

    /// <summary>For blobs, queues and tables on free ports of the loopback interface.</summary>
    internal static string NewConnectionString()
    {
        TcpListener[] ports = [.. Services.Select(_ => ListenOnFreePort())];
        IEnumerable<string> endpoints = ports.Zip(Services, (port, service) => $"{service}Endpoint=http://{port.LocalEndpoint}/devstoreaccount1;");
        string connectionString = $"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={WellKnownKey};{string.Concat(endpoints)}";
        Array.ForEach(ports, port => port.Dispose());
        return connectionString;
    }

    // Below the ports that systems give to outgoing connections: one of those could get it before Azurite does.
    private static TcpListener ListenOnFreePort()
    {
        while (true)
        {
            var listener = new TcpListener(IPAddress.Loopback, RandomNumberGenerator.GetInt32(20_000, 32_000));
            try
            {
                listener.Start();
                return listener;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                listener.Dispose();
            }
        }
    }

    /// <summary>
    /// Starts Azurite for the connection string, if that is one for this machine and nothing answers there yet.
    /// Null if something does, or if the string is not one: the app itself says what is wrong with it.
    /// </summary>
    /// <param name="tablesFirst">
    /// The app's own tables and blobs are all that is kept there. It needs only the tables to start: blobs are there a moment later.
    /// </param>
    /// <param name="remark">Is told what one should know about an Azurite that runs already.</param>
    /// <exception cref="LocalHostException">It cannot be started, a port is taken by something else, or the one that runs is too old.</exception>
    internal static async Task<Azurite?> StartIfNeededAsync(string dataFolder, string? connectionString, bool tablesFirst, Action<string>? remark = null)
    {
        Uri[] endpoints = FindEndpoints(connectionString);
        if (tablesFirst && !Array.TrueForAll(endpoints, endpoint => endpoint.IsLoopback))
        {
            // Its blobs are elsewhere.
            endpoints = [.. endpoints.Take(1)];
        }

        Uri[] needed = tablesFirst ? [.. endpoints.Take(1)] : endpoints;
        if (endpoints is [] || !Array.TrueForAll(endpoints, endpoint => endpoint.IsLoopback))
        {
            return null;
        }

        // An Azurite whose host was killed may still be saving its data. A process that is younger has its number by chance.
        string pidFile = Path.Combine(Directory.CreateDirectory(dataFolder).FullName, "azurite.pid");
        string id = File.Exists(pidFile) ? await File.ReadAllTextAsync(pidFile) : "";
        using Process? previous = Array.Find(
            Process.GetProcesses(), process => $"{process.Id}" == id && process.StartTime < File.GetLastWriteTime(pidFile));
        await Task.WhenAny(previous?.WaitForExitAsync() ?? Task.CompletedTask, Task.Delay(Patience));
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };
        if (await AnswerAsync(http, needed))
        {
            await CheckVersionAsync(connectionString!, hasQueues: !tablesFirst, hasBlobs: endpoints.Length == Services.Length);
            remark?.Invoke($"An Azurite at {endpoints[0].Authority} was running already: the tables there are shared with whatever else uses it.");
            return null;
        }

        var azurite = new Azurite(await AzuritePackage.FindAsync(), dataFolder, connectionString!, endpoints, tablesFirst);
        await File.WriteAllTextAsync(pidFile, $"{azurite._process.ProcessId}");
        for (long start = Environment.TickCount64; !await AnswerAsync(http, needed); await Task.Delay(10))
        {
            if (azurite._process.Task.IsCompleted || Environment.TickCount64 - start > Patience.TotalMilliseconds)
            {
                await azurite.DisposeAsync();
                throw new LocalHostException(
                    $"Azurite did not start. If {endpoints[0].Authority} is taken by a program that is not Azurite, stop that, "
                    + $"or set AzureWebJobsStorage to other ports. Azurite says: {string.Join(' ', azurite._output)}");
            }
        }

        return azurite;
    }

    public async ValueTask DisposeAsync()
    {
        _stop.TrySetResult();
        _kill.CancelAfter(Patience);
        await ((Task)_process.Task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _kill.Dispose();
    }

    /// <summary>In the order of <see cref="Services"/>, as far as the string has them; none if it is not a connection string.</summary>
    private static Uri[] FindEndpoints(string? connectionString)
    {
        List<Uri> found = [];
        try
        {
            found.Add(new TableServiceClient(connectionString).Uri);
            found.Add(new QueueServiceClient(connectionString).Uri);
            found.Add(new BlobServiceClient(connectionString).Uri);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
        {
            // The app says what is wrong with it.
        }

        return [.. found];
    }

    /// <summary>Whether the one that runs knows the version of the protocol that today's libraries speak.</summary>
    private static async Task CheckVersionAsync(string connectionString, bool hasQueues, bool hasBlobs)
    {
        try
        {
            await new TableServiceClient(connectionString).GetPropertiesAsync();
            if (hasQueues)
            {
                await new QueueServiceClient(connectionString).GetPropertiesAsync();
            }

            if (hasBlobs)
            {
                // Nothing may answer there, which does not matter as long as all data are small.
                await new BlobServiceClient(connectionString, new BlobClientOptions { Retry = { MaxRetries = 0 } }).GetPropertiesAsync();
            }
        }
        catch (RequestFailedException e) when (e.ErrorCode is "InvalidHeaderValue")
        {
            throw new LocalHostException(
                $"The Azurite that runs already is too old: it answers \"{e.Message.Split('\n')[0].Trim()}\". "
                + "Update it, or start it with --skipApiVersionCheck, or stop it: the host then starts its own.", e);
        }
        catch (RequestFailedException)
        {
            // What else is wrong, with a key for example, the app says best.
        }
    }

    /// <summary>Whether all of them speak HTTP.</summary>
    private static async Task<bool> AnswerAsync(HttpClient http, Uri[] endpoints)
    {
        try
        {
            Array.ForEach(await Task.WhenAll(endpoints.Select(http.GetAsync)), response => response.Dispose());
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
