using Microsoft.AspNetCore.Http.Timeouts;

namespace FunctionApp;

/// <summary>How long a request may take, without the time that its body takes to arrive.</summary>
/// <param name="timeIsUp">Is cancelled when the time is up.</param>
/// <param name="stopping">Tells that the host stops.</param>
internal sealed class RequestTimeLimit(CancellationTokenSource timeIsUp, CancellationToken stopping) : IHttpRequestTimeoutFeature
{
    /// <summary>The longest that a request waits for storage and the task hub.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>For a function that answers later on purpose: it should answer when the host stops.</summary>
    public CancellationToken RequestTimeoutToken => stopping;

    public void DisableTimeout() => timeIsUp.CancelAfter(Timeout.InfiniteTimeSpan);

    /// <summary>Gives the request its whole time again.</summary>
    public void Restart() => timeIsUp.CancelAfter(Longest);
}
