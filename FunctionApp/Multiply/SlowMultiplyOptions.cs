using FunctionApp.Tasks;
using Microsoft.Extensions.Configuration;

namespace FunctionApp.Multiply;

/// <summary>The settings <c>SlowMultiply__Delay</c> and <c>SlowMultiply__Timeout</c>.</summary>
public sealed class SlowMultiplyOptions
{
    /// <summary>Stands in for the long computation. Default 2 seconds.</summary>
    public TimeSpan Delay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a task may take, retries included, before it fails. Default 5 minutes.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The kind of task that this folder is about.</summary>
    public TaskKind Kind => new("multiply", nameof(SlowMultiply), Timeout);

    /// <exception cref="StartupException">A setting is not a time span, negative, or (timeout) zero.</exception>
    public static void Read(SlowMultiplyOptions options, IConfiguration configuration)
    {
        options.Delay = configuration.ReadTimeSpan("SlowMultiply__Delay", TimeSpan.Zero) ?? options.Delay;
        options.Timeout = configuration.ReadTimeSpan("SlowMultiply__Timeout", TimeSpan.FromMilliseconds(1)) ?? options.Timeout;
    }
}
