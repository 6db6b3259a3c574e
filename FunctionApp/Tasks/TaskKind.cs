namespace FunctionApp.Tasks;

/// <summary>A kind of task, as the rest of this folder sees it. One derives from <see cref="TaskKind{TInput, TResult}"/>.</summary>
/// <param name="name">The task's <c>kind</c>, and the first part of its routes.</param>
/// <param name="activity">Name of the activity function that does the work.</param>
public abstract class TaskKind(string name, string activity)
{
    private const string BatchSuffix = "/batch";

    /// <summary>The task's <c>kind</c>, and the first part of its routes.</summary>
    public string Name { get; } = name;

    /// <summary>The <c>kind</c> of a batch of such tasks.</summary>
    public string BatchName { get; } = name + BatchSuffix;

    /// <summary>Name of the activity function that does the work.</summary>
    public string Activity { get; } = activity;

    /// <summary>How long one attempt's work may take; a task (in a batch: an item) that takes longer has failed for good.</summary>
    /// <remarks>It has to fit into host.json's <c>functionTimeout</c>, which the start checks.</remarks>
    public virtual TimeSpan TimeLimit => TimeSpan.FromMinutes(5);

    /// <summary>How often a task is tried before it has failed.</summary>
    public virtual int MaxAttempts => 25;

    /// <summary>Whether <c>POST /{name}/batch</c> takes many inputs of this kind at once.</summary>
    public virtual bool TakesBatches => true;

    /// <summary>An input as JSON; what is wrong with it is left in the members' errors, and then the JSON is empty.</summary>
    internal abstract BinaryData ReadInput(JsonMembers body);

    /// <summary>The result as JSON.</summary>
    /// <exception cref="PermanentFailureException">The task has failed for good, or its result cannot be stored.</exception>
    internal abstract Task<BinaryData> RunAsync(BinaryData input, TaskProgress progress, CancellationToken cancellationToken);
}

/// <summary>
/// Derive from it to make a kind of task: what it takes, what it does, and, where the defaults do not suit, its limits.
/// <see cref="TaskServices.AddTaskKind"/> registers it.
/// </summary>
/// <typeparam name="TInput">What it takes; serializable as JSON of at most 64 KiB.</typeparam>
/// <typeparam name="TResult">What it makes of it; serializable as JSON of at most 64 KiB.</typeparam>
public abstract class TaskKind<TInput, TResult>(string name, string activity) : TaskKind(name, activity)
{
    /// <summary>Reads an input; what is wrong with it is left in the members' errors.</summary>
    public abstract TInput Read(JsonMembers body);

    /// <summary>
    /// Does the work for one input. It runs at least once, so it must be repeatable. A <see cref="PermanentFailureException"/>
    /// fails the task at once, any other exception this attempt.
    /// </summary>
    /// <param name="input">What <see cref="Read"/> read.</param>
    /// <param name="progress">Takes reports and checkpoints, and has the last attempt's checkpoint.</param>
    /// <param name="cancellationToken">
    /// Cancelled when nobody wants the result any more, or the host stops. Work that ignores it is left alone, and what it returns is dropped.
    /// </param>
    public abstract Task<TResult> ComputeAsync(TInput input, TaskProgress progress, CancellationToken cancellationToken);

    internal override BinaryData ReadInput(JsonMembers body)
    {
        TInput input = Read(body);

        // What is wrong may not even be JSON.
        return body.Errors.Count == 0 ? TaskJson.WriteInput(input) : BinaryData.Empty;
    }

    internal override async Task<BinaryData> RunAsync(BinaryData input, TaskProgress progress, CancellationToken cancellationToken)
    {
        TInput read = input.ToObjectFromJson<TInput>(TaskJson.Options)!;
        return TaskJson.WriteResult(await ComputeAsync(read, progress, cancellationToken));
    }
}
