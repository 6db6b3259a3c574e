namespace FunctionApp.Tasks;

/// <summary>
/// The places in which this process does work: as many as host.json's maxConcurrentActivityFunctions. A single task and
/// an item of a batch take one each, so that a batch, whose activities do many items, respects that number too.
/// </summary>
public sealed class WorkPlaces(HostSettings host, TimeProvider time) : IDisposable
{
    /// <summary>
    /// The longest that work waits for a place. Then its activity gives way, and comes again: it has not begun, so this
    /// costs no attempt, and it must not last until the host takes it for hung.
    /// </summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(2);

    private readonly SemaphoreSlim _places = new(host.MaxConcurrentActivities);

    /// <summary>A place, which is given back when that is disposed; null if none came free in time.</summary>
    public async Task<IDisposable?> TakeAsync(CancellationToken cancellationToken)
    {
        if (!await _places.WaitAsync(TimeSpan.Zero, cancellationToken))
        {
            using var timeIsUp = new CancellationTokenSource(LongestWait, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeIsUp.Token, cancellationToken);
            try
            {
                await _places.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (timeIsUp.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                return null;
            }
        }

        return new Place(_places);
    }

    public void Dispose() => _places.Dispose();

    private sealed class Place(SemaphoreSlim places) : IDisposable
    {
        public void Dispose() => places.Release();
    }
}
