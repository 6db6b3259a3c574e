using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;

namespace FunctionApp.Tasks;

/// <summary>
/// Whose a row is. Several apps, or an app before and after a change of its <c>hubName</c>, may share a results table; each
/// row names the task hub whose orchestration carries it, and "not in my hub" does not mean "nowhere". So an app starts,
/// reconciles and ends the rows of its own hub only, and those of the hubs in the setting <c>FormerTaskHubs</c>, which it
/// takes over.
/// </summary>
public sealed class TaskHubs
{
    private const string Setting = "FormerTaskHubs";

    /// <exception cref="StartupException">The setting is malformed.</exception>
    public TaskHubs(IConfiguration configuration)
    {
        Former = configuration[Setting]?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (Former.FirstOrDefault(hub => !hub.All(char.IsAsciiLetterOrDigit)) is { } wrong)
        {
            throw new StartupException($"The setting {Setting} has \"{wrong}\", but must be names of task hubs, letters and digits, separated by commas.");
        }
    }

    /// <summary>The hubs whose tasks this app takes over.</summary>
    public IReadOnlyList<string> Former { get; }

    /// <summary>Whether this app's orchestrations carry the row.</summary>
    /// <param name="client">Of this app's task hub.</param>
    public static bool IsOwn(TaskRow row, DurableTaskClient client) => row.Hub is null || Same(row.Hub, client.Name);

    /// <summary>Whether the row is another hub's, and this app should take it over.</summary>
    public bool IsFormer(TaskRow row, DurableTaskClient client) => !IsOwn(row, client) && Former.Any(hub => Same(hub, row.Hub!));

    // As Azure Storage has it, whose names have no case.
    private static bool Same(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);
}
