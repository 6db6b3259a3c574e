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

    /// <summary>
    /// The content types of bodies that are taken as they are, such as <c>text/csv</c> or <c>image/*</c>: the work opens the body as
    /// <see cref="TaskProgress.Input"/>, and the kind's input is read from the query, whose parameters are texts. None: a body is JSON,
    /// whatever its content type, and the kind's input.
    /// </summary>
    public virtual IReadOnlyList<string> ContentTypes => [];

    /// <summary>Whether <c>POST /{name}/batch</c> takes many inputs of this kind at once; never if bodies are taken as they are.</summary>
    public virtual bool TakesBatches => ContentTypes.Count == 0;

    /// <summary>
    /// The largest body, and the largest input as it is stored, in bytes; at most 100 MiB. A body that is taken as it is costs no memory;
    /// JSON costs some times its size. An item of a batch has 64 KiB at most.
    /// </summary>
    public virtual int MaxInput => ContentTypes.Count == 0 ? 16 * 1_024 * 1_024 : RequestBody.HostLimit;

    /// <summary>The largest result, in bytes of JSON; at most 100 MiB. That of an item of a batch has 64 KiB at most.</summary>
    public virtual int MaxResult => 16 * 1_024 * 1_024;

    /// <summary>An input as JSON; what is wrong with it is left in the members' errors, and then the JSON is empty.</summary>
    internal abstract BinaryData ReadInput(JsonMembers body);

    /// <summary>The result as JSON.</summary>
    /// <param name="maxBytes">The largest result.</param>
    /// <exception cref="PermanentFailureException">The task has failed for good, or its result cannot be stored.</exception>
    internal abstract Task<BinaryData> RunAsync(BinaryData input, TaskProgress progress, int maxBytes, CancellationToken cancellationToken);
}

/// <summary>
/// Derive from it to make a kind of task: what it takes, what it does, and, where the defaults do not suit, its limits.
/// <see cref="TaskServices.AddTaskKind"/> registers it.
/// </summary>
/// <typeparam name="TInput">What it takes; serializable as JSON of at most <see cref="TaskKind.MaxInput"/>.</typeparam>
/// <typeparam name="TResult">What it makes of it; serializable as JSON of at most <see cref="TaskKind.MaxResult"/>.</typeparam>
public abstract class TaskKind<TInput, TResult>(string name, string activity) : TaskKind(name, activity)
{
    /// <summary>Reads an input; what is wrong with it is left in the members' errors.</summary>
    /// <param name="body">The body; where that is taken as it is (<see cref="TaskKind.ContentTypes"/>), the query, each parameter a text.</param>
    public abstract TInput Read(JsonMembers body);

    /// <summary>
    /// Does the work for one input. It runs at least once, so it must be repeatable. A <see cref="PermanentFailureException"/>
    /// fails the task at once, any other exception this attempt.
    /// </summary>
    /// <param name="input">What <see cref="Read"/> read.</param>
    /// <param name="progress">Takes reports, log lines, files and checkpoints, and has the last attempt's checkpoint and the file that was sent.</param>
    /// <param name="cancellationToken">
    /// Cancelled when nobody wants the result any more, or the host stops. Work that ignores it is left alone, and what it returns is dropped.
    /// </param>
    public abstract Task<TResult> ComputeAsync(TInput input, TaskProgress progress, CancellationToken cancellationToken);

    internal override BinaryData ReadInput(JsonMembers body)
    {
        TInput input = Read(body);

        // With errors, the input may hold elements without a value, which cannot be written as JSON.
        return body.Errors.Count == 0 ? TaskJson.WriteInput(input) : BinaryData.Empty;
    }

    internal override async Task<BinaryData> RunAsync(BinaryData input, TaskProgress progress, int maxBytes, CancellationToken cancellationToken)
    {
        TInput read = input.ToObjectFromJson<TInput>(TaskJson.Options)!;
        return TaskJson.WriteResult(await ComputeAsync(read, progress, cancellationToken), maxBytes);
    }
}
