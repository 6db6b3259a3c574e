namespace Bench.Systems;

/// <summary>
/// Flask under gunicorn (2 sync workers), 2 RQ workers, Redis with Debian's default configuration and a SQLite results
/// table, from Debian's packages; the code is in bench/rq.
/// </summary>
internal static class Rq
{
    public const string Name = "RQ";

    /// <param name="workers">How many tasks can run at a time.</param>
    /// <param name="delay">How long each task takes.</param>
    public static async Task<RunningSystem> StartAsync(string folder, int workers = 2, TimeSpan delay = default)
    {
        if (!File.Exists("/usr/bin/gunicorn") || !File.Exists("/usr/bin/redis-server"))
        {
            throw new InvalidOperationException(
                "RQ is measured with Debian's packages: apt-get install python3-flask python3-flask-sqlalchemy python3-rq gunicorn redis-server");
        }

        string python = Path.Combine(AppContext.BaseDirectory, "rq");
        string redisPort = $"{RunningSystem.FindFreePort()}";
        string address = $"127.0.0.1:{RunningSystem.FindFreePort()}";
        var system = new RunningSystem(new Uri($"http://{address}"));
        // The default of five seconds is too short where a hundred tasks end at once: some would fail, as "database is locked".
        system.Variables["RESULTS_DB"] = $"sqlite:///{Path.Combine(folder, "results.db")}?timeout=60";
        system.Variables["REDIS_URL"] = $"redis://127.0.0.1:{redisPort}/0";
        system.Variables["PYTHONPATH"] = python;
        system.Variables["TASK_SECONDS"] = $"{delay.TotalSeconds}";
        _ = system.Start("/usr/bin/redis-server", "/etc/redis/redis.conf", "--port", redisPort, "--dir", folder, "--daemonize", "no", "--logfile", "", "--pidfile", "");
        await system.Start("/usr/bin/python3", "-c", "from app import app, db; app.app_context().push(); db.create_all()");
        _ = system.Start("/usr/bin/python3", "/usr/bin/gunicorn", "--workers", "2", "--bind", address, "app:app");
        for (int i = 0; i < workers; i++)
        {
            _ = system.Start("/usr/bin/python3", Path.Combine(python, "worker.py"));
        }

        return await system.WaitUntilItAnswersAsync();
    }
}
