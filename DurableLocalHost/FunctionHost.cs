using DurableLocalHost.Http;
using DurableLocalHost.Sqlite;
using DurableLocalHost.WebJobs;
using Microsoft.AspNetCore.Connections;
using Microsoft.Azure.WebJobs.Host.Indexers;

namespace DurableLocalHost;

/// <summary>A running host: the order in which its parts start and stop.</summary>
internal sealed class FunctionHost(StartOptions options) : IAsyncDisposable
{
    /// <summary>How long running activities and requests may take to end when the host stops.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    // From an activity's answer until the extension has stored it.
    private static readonly TimeSpan StoreTime = TimeSpan.FromMilliseconds(200);

    // From the worker's end until every caller has its answer.
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(1);

    private readonly (AppFunction[] Functions, string[] LeftOut) _app = AppFunction.ReadAll(options.AppFolder, options.Strict);
    private readonly AppSettings _settings = new(options);
    private readonly List<string> _remarks = [];
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _running = Task.CompletedTask;
    private WebApplication _host = null!;

    public IServiceProvider Services => _host.Services;

    /// <summary>Where it listens.</summary>
    public Uri Address => Services.GetAddress(1);

    /// <summary>What whoever started it should know, a line each.</summary>
    public IEnumerable<string> Remarks => IsHotReloaded
        ? [.. _remarks, "Hot reload does not reach the app, which runs in a process of its own: 'dotnet watch --no-hot-reload' restarts it when its code changes."]
        : _remarks;

    /// <summary>What callers need; null if they need none.</summary>
    public AccessKeys? Keys => Services.GetService<AccessKeys>();

    public WorkerSupervisor Workers => Services.GetRequiredService<WorkerSupervisor>();

    // The part of dotnet watch that runs in the process which it changes.
    private static bool IsHotReloaded =>
        AppDomain.CurrentDomain.GetAssemblies().Any(assembly => assembly.GetName().Name == "Microsoft.Extensions.DotNetDeltaApplier");

    // Made when it is first asked for, which takes the address that callers see.
    private IJobHost Jobs => Services.GetRequiredService<IJobHost>();

    /// <exception cref="LocalHostException">It cannot start.</exception>
    public async Task StartAsync()
    {
        _running = RunAsync();
        await await Task.WhenAny(_started.Task, _running);
    }

    /// <summary>Takes no more requests and work, lets what runs end for <see cref="Grace"/>, and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        _stop.TrySetResult();
        await _running;
    }

    private async Task RunAsync()
    {
        _remarks.AddRange(_app.LeftOut);
        Proxies.ExemptLoopback();
        using var data = DataFolder.Open(options.DataFolder);
        AccessKeys? keys = options.Keys ? AccessKeys.Open(options.DataFolder, _app.Functions) : null;
        string? storage = StorageAccounts.FindConnection(_app.Functions, _settings.Configuration);
        // WebJobs can start before its storage account is there.
        bool isIndependent = options.Storage is StorageProvider.Sqlite && !StorageAccounts.IsUsed(_app.Functions);
        // First, as it takes longest.
        Task<Azurite?> azurite = Azurite.StartIfNeededAsync(options.DataFolder, storage, tablesFirst: isIndependent, _remarks.Add);
        await using WebApplication app = _host = HostApplication.Build(options, _settings, _app.Functions, data, keys);
        Task jobs = Task.CompletedTask, server = Task.CompletedTask;
        using var abort = new CancellationTokenSource();
        try
        {
            app.MapAll(_started.Task);
            await ExplainAsync(() => app.StartAsync(), e => $"The host cannot listen: {e.Message.TrimEnd('.')}. "
                + $"{(e.InnerException is AddressInUseException ? "Stop what does, or choose" : "Choose")} another address with --urls.");
            jobs = ExplainAsync(
                () => StartJobsAsync(isIndependent ? Task.CompletedTask : azurite),
                e => e is SqliteFileException ? e.Message
                    : $"The functions cannot start: {(e is FunctionIndexingException ? $"{e.Message}: " : "")}{e.GetBaseException().Message}");
            // Apps use their storage as soon as they start. What is wrong with a setting they say best.
            await azurite;
            await Workers.StartAsync(Services.GetAddress(0));
            await jobs;
            _started.SetResult();

            await _stop.Task;
            server = app.StopAsync(abort.Token);
            bool isBusy = Workers.PendingCount > 0;
            // Messages whose functions do not end in time go back to their queues when the worker has ended.
            jobs = Jobs.StopAsync();
            await EndWorkAsync(jobs, isBusy);
        }
        finally
        {
            await Workers.StopAsync();
            abort.CancelAfter(AnswerTime);
            await server;
            await Task.WhenAny(jobs, Task.Delay(Grace));
            await ((await azurite)?.DisposeAsync() ?? default);
        }
    }

    private async Task StartJobsAsync(Task storage)
    {
        await storage;
        await Jobs.StartAsync(CancellationToken.None);
        await Jobs.CallAsync(FunctionEmitter.ClientFunction);
        // WebJobs itself would wait for their end, and they for the client.
        _ = Task.WhenAll(_app.Functions.Where(function => function.Trigger.RunOnStartup is true && !_settings.IsDisabled(function.Name))
            .Select(timer => TimerMonitor.RunAsync(Jobs, timer)));
    }

    private async Task EndWorkAsync(Task jobs, bool isBusy)
    {
        var grace = Task.Delay(Grace);
        await Task.WhenAny(jobs, grace);
        while (Workers.PendingCount > 0 && !grace.IsCompleted)
        {
            await Task.Delay(10);
        }

        if (isBusy)
        {
            await Task.Delay(StoreTime);
        }
    }

    private static async Task ExplainAsync(Func<Task> start, Func<Exception, string> explain)
    {
        try
        {
            await Task.Run(start);
        }
        catch (Exception e) when (e is not LocalHostException)
        {
            throw new LocalHostException(explain(e), e);
        }
    }
}
