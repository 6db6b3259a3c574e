namespace DurableLocalHost.Worker;

/// <summary>The app, running; disposing it ends it, by force where it can be forced.</summary>
internal interface IWorker : IAsyncDisposable
{
    /// <summary>Completes when it has ended, with its exit code and, if it never was ready, the first line of its standard error.</summary>
    public Task<string> Ended { get; }

    /// <summary>It is ready: from now on its standard error is not kept but shown.</summary>
    public void OnReady();
}
