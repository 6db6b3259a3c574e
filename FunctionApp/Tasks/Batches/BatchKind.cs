using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace FunctionApp.Tasks.Batches;

/// <summary>A kind of task that can be done for many inputs at once.</summary>
public interface IBatchKind
{
    /// <summary>The batch's own kind.</summary>
    public TaskKind Kind { get; }

    /// <summary>An item's input as JSON; what is wrong with it is left in the members' errors.</summary>
    public BinaryData ReadItem(JsonMembers members);

    /// <summary>An item's result as JSON.</summary>
    /// <exception cref="PermanentFailureException">The item has failed for good.</exception>
    public Task<BinaryData> RunItemAsync(BinaryData input, CancellationToken cancellationToken);
}

/// <summary>Makes batches of what does one task.</summary>
public static class BatchKind
{
    /// <summary>Gives a kind of task its batch, at <c>POST /{kind}/batch</c>.</summary>
    /// <typeparam name="TActivity">The kind's activity.</typeparam>
    /// <typeparam name="TInput">What it takes.</typeparam>
    /// <typeparam name="TResult">What it makes of it.</typeparam>
    /// <param name="kind">The kind of one task.</param>
    /// <param name="readInput">Reads one input, as for one task.</param>
    /// <param name="work">Does the work for one input.</param>
    public static IServiceCollection AddBatch<TActivity, TInput, TResult>(
        this IServiceCollection services,
        Func<IServiceProvider, TaskKind> kind,
        Func<JsonMembers, TInput> readInput,
        Func<TActivity, Func<TInput, TaskProgress, CancellationToken, Task<TResult>>> work)
        where TActivity : class
    {
        services.AddSingleton<TActivity>();
        return services.AddSingleton<IBatchKind>(provider =>
        {
            TActivity activity = provider.GetRequiredService<TActivity>();
            return new Of<TInput, TResult>(kind(provider), readInput, work(activity));
        });
    }

    private sealed class Of<TInput, TResult>(
        TaskKind single, Func<JsonMembers, TInput> readInput, Func<TInput, TaskProgress, CancellationToken, Task<TResult>> work) : IBatchKind
    {
        public TaskKind Kind { get; } = single with { Name = $"{single.Name}/batch", Activity = nameof(RunSlice) };

        public BinaryData ReadItem(JsonMembers members)
        {
            TInput input = readInput(members);

            // What is wrong may not even be JSON.
            return members.Errors.Count == 0 ? new BinaryData(input, JsonSerializerOptions.Web) : BinaryData.Empty;
        }

        public async Task<BinaryData> RunItemAsync(BinaryData input, CancellationToken cancellationToken) => TaskRunner.Serialize(
            await work(input.ToObjectFromJson<TInput>(JsonSerializerOptions.Web)!, new TaskProgress(), cancellationToken));
    }
}
