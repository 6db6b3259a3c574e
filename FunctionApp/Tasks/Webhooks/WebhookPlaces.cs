using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;

namespace FunctionApp.Tasks.Webhooks;

/// <summary>
/// How many webhooks this process sends at a time. Each holds one of the host's activity slots, for up to 10 seconds, so
/// they get a share of those, and one receiver gets half of that share: slow ones can delay neither the work nor all others.
/// </summary>
public sealed class WebhookPlaces(IOptions<WebhookSettings> settings, HostSettings host)
{
    private const int ShareOfSlots = 4;

    private readonly int _places = settings.Value.MaxDeliveries ?? Math.Max(1, host.MaxConcurrentActivities / ShareOfSlots);
    private readonly Dictionary<string, int> _taken = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _lock = new();
    private int _allTaken;

    /// <summary>A place to send to that URL, which is given back when it is disposed; false if there is none now.</summary>
    public bool TryTake(Uri url, [NotNullWhen(true)] out IDisposable? place)
    {
        // Places are per host, not per port, since one receiver can have many ports.
        string receiver = url.Host;
        lock (_lock)
        {
            int taken = _taken.GetValueOrDefault(receiver);
            if (_allTaken >= _places || taken >= (_places + 1) / 2)
            {
                place = null;
                return false;
            }

            _allTaken++;
            _taken[receiver] = taken + 1;
            place = new Place(this, receiver);
            return true;
        }
    }

    private void GiveBack(string receiver)
    {
        lock (_lock)
        {
            _allTaken--;
            if (--_taken[receiver] == 0)
            {
                _taken.Remove(receiver);
            }
        }
    }

    private sealed class Place(WebhookPlaces places, string receiver) : IDisposable
    {
        public void Dispose() => places.GiveBack(receiver);
    }
}
