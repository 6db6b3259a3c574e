using Bench.Client;
using FunctionApp.Emulator.Host;

namespace Bench.Systems;

/// <summary>
/// Flask under gunicorn (2 sync workers), RQ workers, Redis with Debian's default configuration and a SQLite results
/// table, from Debian's packages; the code is in bench/rq.
/// </summary>
internal sealed class RqSystem : ISystem
{
    private readonly List<ChildProcess> _processes = [];

    private RqSystem(Api api) => Api = api;

    public Api Api { get; }

    public IReadOnlyDictionary<string, int> Processes { get; private set; } = new Dictionary<string, int>();

    public static async Task<RqSystem> StartAsync(string folder, int workers)
    {
        string python = Path.Combine(Places.Bench, "rq");
        string redisPort = LocalPort.FindFree().ToString(CultureInfo.InvariantCulture);
        string redisUrl = $"redis://127.0.0.1:{redisPort}/0";
        string address = $"127.0.0.1:{LocalPort.FindFree()}";
        Dictionary<string, string> environment = new()
        {
            ["RESULTS_DB"] = $"sqlite:///{Path.Combine(folder, "results.db")}",
            ["REDIS_URL"] = redisUrl,
            ["PYTHONPATH"] = python,
        };
        var system = new RqSystem(new Api(new Uri($"http://{address}"), null));
        try
        {
            ChildProcess redis = system.Start(
                "/usr/bin/redis-server",
                ["/etc/redis/redis.conf", "--port", redisPort, "--dir", folder, "--daemonize", "no", "--logfile", "", "--pidfile", ""],
                environment);
            using (var table = new ChildProcess("/usr/bin/python3", [Path.Combine(python, "create_table.py")], environment))
            {
                await table.WaitForEndAsync();
            }

            ChildProcess web = system.Start(
                "/usr/bin/python3", ["/usr/bin/gunicorn", "--workers", "2", "--bind", address, "app:app"], environment);
            Dictionary<string, int> processes = new() { ["gunicorn"] = web.Id, ["Redis"] = redis.Id };
            for (int i = 1; i <= workers; i++)
            {
                processes[$"RQ worker {i}"] =
                    system.Start("/usr/bin/python3", [Path.Combine(python, "worker.py")], environment).Id;
            }

            await web.WaitUntilAsync(system.Api.AnswersAsync);
            system.Processes = processes;
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync()
    {
        Api.Dispose();
        // Workers first: a worker that has lost Redis would not end.
        foreach (ChildProcess process in Enumerable.Reverse(_processes))
        {
            process.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    private ChildProcess Start(string program, IEnumerable<string> arguments, Dictionary<string, string> environment)
    {
        var process = new ChildProcess(program, arguments, environment);
        _processes.Add(process);
        return process;
    }
}
