namespace FunctionApp.Tasks.Upkeep;

/// <summary>Bounds a part of a run; the next run goes on with what is left.</summary>
internal static class TimeLimit
{
    public static async Task RunAsync(TimeSpan limit, Func<CancellationToken, Task> part, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timeIsUp = new CancellationTokenSource(limit, time);
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeIsUp.Token);
        try
        {
            await part(bounded.Token);
        }
        catch (OperationCanceledException) when (timeIsUp.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // The part's time is up, which is no failure: what is left is for the next run.
        }
    }
}
