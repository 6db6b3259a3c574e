namespace DurableLocalHost;

/// <summary>Keeps what stays on this machine from being sent through a proxy that the environment names for what does not.</summary>
internal static class Proxies
{
    // .NET's clients, Azure's and those of other runtimes read one or the other.
    private static readonly string[] Exceptions = ["NO_PROXY", "no_proxy"];

    /// <summary>For clients in this process.</summary>
    public static void ExemptLoopback()
    {
        string exempt = WithLoopback(Exceptions.Select(Environment.GetEnvironmentVariable));
        Array.ForEach(Exceptions, name => Environment.SetEnvironmentVariable(name, exempt));
    }

    /// <summary>For clients in a process that has these variables beside the ones of this process.</summary>
    public static void ExemptLoopback(Dictionary<string, string?> variables)
    {
        string exempt = WithLoopback(Exceptions.Select(name => variables.GetValueOrDefault(name, Environment.GetEnvironmentVariable(name))));
        Array.ForEach(Exceptions, name => variables[name] = exempt);
    }

    private static string WithLoopback(IEnumerable<string?> lists) => string.Join(
        ',', lists.SelectMany(list => list?.Split(',', StringSplitOptions.TrimEntries) ?? []).Concat(["localhost", "127.0.0.1", "::1", "[::1]"]).Distinct());
}
