namespace FunctionApp.Tasks;

/// <summary>The time in which an activity may still write what it has, once the host has begun to stop.</summary>
internal sealed class GracePeriod : IDisposable
{
    // A host that stops gives its worker about this long.
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _isOver = new();
    private readonly CancellationTokenRegistration _stopping;

    /// <param name="stopping">The invocation's token.</param>
    public GracePeriod(CancellationToken stopping) => _stopping = stopping.Register(() => _isOver.CancelAfter(Length));

    /// <summary>Cancelled some seconds after the host has begun to stop.</summary>
    public CancellationToken Token => _isOver.Token;

    public void Dispose()
    {
        _stopping.Dispose();
        _isOver.Dispose();
    }
}
