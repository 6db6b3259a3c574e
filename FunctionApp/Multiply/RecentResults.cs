using Microsoft.Extensions.Caching.Memory;

namespace FunctionApp.Multiply;

/// <summary>
/// Results that were read or written a moment ago, so that callers who poll do not each cost a storage request.
/// A result never changes; only its deletion can be seen late, by at most <see cref="Lifetime"/>: no longer than a
/// caller waits between two polls (<see cref="Polling.RetryAfter"/>).
/// </summary>
internal sealed class RecentResults : IDisposable
{
    /// <summary>How long after it was last seen in the table a result is remembered; being asked for does not prolong it.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

    // Characters in all; what comes beyond is not remembered.
    private const long MaxSize = 1_000_000;

    private readonly MemoryCache _results = new(new MemoryCacheOptions { SizeLimit = MaxSize, ExpirationScanFrequency = Lifetime });

    public string? Find(string taskId) => _results.Get<string>(taskId);

    public void Remember(string taskId, string result) => _results.Set(
        taskId,
        result,
        new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = Lifetime, Size = taskId.Length + result.Length });

    public void Dispose() => _results.Dispose();
}
