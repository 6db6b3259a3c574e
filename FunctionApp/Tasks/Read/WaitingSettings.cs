using Microsoft.Extensions.Configuration;

namespace FunctionApp.Tasks;

/// <summary>The setting <c>Waiting__MaxRequests</c>.</summary>
public sealed class WaitingSettings
{
    /// <summary>
    /// How many requests with <c>Prefer: wait</c> this process holds at a time; those beyond are answered at once. Default 50:
    /// half of the requests that the deployment lets an instance have at a time, so that the others find room.
    /// </summary>
    public int MaxRequests { get; set; } = 50;

    /// <exception cref="StartupException">The setting is not a whole number from 0 to 10,000.</exception>
    public static void Read(WaitingSettings settings, IConfiguration configuration) =>
        settings.MaxRequests = configuration.ReadInteger("Waiting__MaxRequests", minimum: 0, maximum: 10_000) ?? settings.MaxRequests;
}
