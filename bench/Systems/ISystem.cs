using Bench.Client;

namespace Bench.Systems;

/// <summary>A system under test, started for one run with empty data on ports of its own.</summary>
internal interface ISystem : IAsyncDisposable
{
    public Api Api { get; }

    /// <summary>Its processes by name; each stands for itself and its descendants.</summary>
    public IReadOnlyDictionary<string, int> Processes { get; }
}
