namespace FunctionApp.Tasks;

/// <summary>How far an activity has come. To report costs nothing: the heartbeat writes the latest report now and then.</summary>
public sealed class TaskProgress
{
    private readonly Lock _lock = new();
    private (double Fraction, string? Message) _latest;

    /// <summary>Replaces the earlier report, unless that said more: progress never goes backwards.</summary>
    /// <param name="fraction">The share of the work that is done, 0 to 1.</param>
    /// <param name="message">What goes on, in at most 256 characters; what is longer is cut.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="fraction"/> is below 0, above 1 or not a number.</exception>
    public void Report(double fraction, string? message = null)
    {
        if (!(fraction is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "Progress is a number from 0 to 1.");
        }

        lock (_lock)
        {
            _latest = (Math.Max(fraction, _latest.Fraction), (message ?? _latest.Message)?.Truncate(TaskRow.MaxMessageLength));
        }
    }

    internal (double Fraction, string? Message) Latest
    {
        get
        {
            lock (_lock)
            {
                return _latest;
            }
        }
    }
}
