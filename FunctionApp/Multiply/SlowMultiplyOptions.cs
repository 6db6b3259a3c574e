using Microsoft.Extensions.Configuration;

namespace FunctionApp.Multiply;

/// <summary>The settings <c>SlowMultiply__Delay</c>, <c>SlowMultiply__Timeout</c> and <c>SlowMultiply__MaxAttempts</c>.</summary>
public sealed class SlowMultiplyOptions
{
    /// <summary>Stands in for the long computation. Default 2 seconds.</summary>
    public TimeSpan Delay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long one attempt may take before the task fails. Default 5 minutes.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How often a task is tried before it fails. Default 25.</summary>
    public int MaxAttempts { get; set; } = 25;

    /// <exception cref="StartupException">A setting cannot be read, or is negative or (not the delay) zero.</exception>
    public static void Read(SlowMultiplyOptions options, IConfiguration configuration)
    {
        options.Delay = configuration.ReadTimeSpan("SlowMultiply__Delay", TimeSpan.Zero) ?? options.Delay;
        options.Timeout = configuration.ReadTimeSpan("SlowMultiply__Timeout", TimeSpan.FromMilliseconds(1)) ?? options.Timeout;
        options.MaxAttempts = configuration.ReadInteger("SlowMultiply__MaxAttempts", 1, 1_000) ?? options.MaxAttempts;
    }
}
