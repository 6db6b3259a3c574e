using System.Collections.Concurrent;
using System.Diagnostics;

namespace FunctionApp.LocalHost;

/// <summary>
/// An Azurite table server of the emulator's own. It ends when its standard input does, so however the emulator ends,
/// kill -9 included, Azurite saves its data and ends too.
/// </summary>
internal sealed class Azurite : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Uri _endpoint;
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();

    private Azurite(Uri endpoint, string dataFolder)
    {
        _endpoint = endpoint;
        if (!Directory.Exists(Path.Combine(EmulatorSettings.Directory, "node_modules", "azurite")))
        {
            throw new EmulatorException("Azurite is not installed. Build FunctionApp.Emulator again, or run 'npm ci' in its folder.");
        }

        // An Azurite of an emulator that was killed may still be saving its data.
        string pidFile = Path.Combine(dataFolder, "azurite.pid");
        WaitForPrevious(pidFile);

        var start = new ProcessStartInfo("node")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                Path.Combine(EmulatorSettings.Directory, "Host", "azurite.js"),
                "--tableHost", endpoint.Host,
                "--tablePort", endpoint.Port.ToString(CultureInfo.InvariantCulture),
                "--location", Path.Combine(dataFolder, "azurite"),
                "--silent", "--skipApiVersionCheck", "--disableTelemetry",
            },
        };
        try
        {
            _process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new EmulatorException(
                "Node.js is needed to run Azurite, but 'node' cannot be started. Install it (https://nodejs.org), or start Azurite yourself.", e);
        }

        try
        {
            File.WriteAllText(pidFile, _process.Id.ToString(CultureInfo.InvariantCulture));
        }
        catch (IOException e)
        {
            _process.Kill(entireProcessTree: true);
            throw new EmulatorException($"The data folder {dataFolder} cannot be written: {e.Message}", e);
        }

        _process.OutputDataReceived += (_, line) => Remember(line.Data);
        _process.ErrorDataReceived += (_, line) => Remember(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>
    /// Starts Azurite for the connection string, if that is one for this machine and nothing answers there yet.
    /// Null if something does, or if the string is not one: the app itself says what is wrong with it.
    /// </summary>
    /// <exception cref="EmulatorException">Azurite is not installed, or the port is taken by something else.</exception>
    public static Azurite? StartIfNeeded(string? connectionString, string dataFolder)
    {
        Uri? endpoint = StorageWatch.TableEndpoint(connectionString);
        return endpoint is not { IsLoopback: true } || Answers(endpoint) ? null : new Azurite(endpoint, dataFolder);
    }

    /// <exception cref="EmulatorException">It ended, or did not answer in time.</exception>
    public void WaitUntilReady()
    {
        long start = Stopwatch.GetTimestamp();
        while (!Answers(_endpoint))
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(start) > Patience)
            {
                throw new EmulatorException($"Azurite did not start at {_endpoint}: {string.Join(' ', _output)}");
            }

            Thread.Sleep(20);
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            if (!_process.WaitForExit(Patience))
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }

    private static bool Answers(Uri endpoint)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, endpoint);
            using HttpResponseMessage response = http.Send(request);
            return true;
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError)
        {
            return false;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            throw new EmulatorException(
                $"Port {endpoint.Port} is taken by a program that is not Azurite. Stop it, or set AzureWebJobsStorage to other ports.", e);
        }
    }

    private static void WaitForPrevious(string pidFile)
    {
        if (!File.Exists(pidFile) || !int.TryParse(File.ReadAllText(pidFile), CultureInfo.InvariantCulture, out int pid))
        {
            return;
        }

        try
        {
            using var previous = Process.GetProcessById(pid);
            if (previous.ProcessName.StartsWith("node", StringComparison.Ordinal))
            {
                previous.WaitForExit(Patience);
            }
        }
        catch (ArgumentException)
        {
            // It has ended, as it should.
        }
    }

    private void Remember(string? line)
    {
        if (!string.IsNullOrWhiteSpace(line))
        {
            _output.Enqueue(line);
            if (_output.Count > 20)
            {
                _output.TryDequeue(out _);
            }
        }
    }
}
