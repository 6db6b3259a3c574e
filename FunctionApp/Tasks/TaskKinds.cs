namespace FunctionApp.Tasks;

/// <summary>The kinds of task that this app has.</summary>
public sealed class TaskKinds(IEnumerable<TaskKind> kinds)
{
    /// <summary>Single ones; each may have batches too.</summary>
    public IReadOnlyList<TaskKind> All { get; } = [.. kinds];

    /// <summary>The kind that has this name, or whose batches have it; null if there is none. Case does not matter.</summary>
    public TaskKind? Find(string name) => All.FirstOrDefault(kind =>
        name.Equals(kind.Name, StringComparison.OrdinalIgnoreCase)
        || (kind.TakesBatches && name.Equals(kind.BatchName, StringComparison.OrdinalIgnoreCase)));

    /// <summary>Checks what can be wrong with a kind.</summary>
    /// <exception cref="StartupException">
    /// A kind's time limit does not fit into host.json's functionTimeout, it takes or makes more than it may, or two have one name.
    /// </exception>
    public void Check(HostSettings host)
    {
        foreach (TaskKind kind in All)
        {
            if (Find(kind.Name) != kind)
            {
                throw new StartupException($"Two kinds of task are named \"{kind.Name}\".");
            }

            if (kind is { TakesBatches: true, ContentTypes.Count: > 0 })
            {
                throw new StartupException($"\"{kind.Name}\" tasks take bodies as they are, so they cannot have batches.");
            }

            foreach ((string name, int size) in new[] { (nameof(kind.MaxInput), kind.MaxInput), (nameof(kind.MaxResult), kind.MaxResult) })
            {
                if (size is < 1 or > RequestBody.HostLimit)
                {
                    throw new StartupException($"{name} of \"{kind.Name}\" tasks is {size:N0} bytes, but must be from 1 to {RequestBody.HostLimit:N0}.");
                }
            }

            if (kind.TimeLimit + HostSettings.Reserve > host.FunctionTimeout)
            {
                throw new StartupException(
                    $"The time limit of \"{kind.Name}\" tasks is {kind.TimeLimit}, which does not fit into functionTimeout, {host.FunctionTimeout} in host.json: the host would kill the worker. Lower the limit, or raise functionTimeout to {kind.TimeLimit + HostSettings.Reserve} or more.");
            }
        }
    }
}
