using FunctionApp.Tasks.Batches;

namespace FunctionApp.Tasks;

/// <summary>Input of <see cref="TaskOrchestration"/> and <see cref="Batches.BatchOrchestration"/>.</summary>
/// <param name="Activity">Name of the activity function that does the work.</param>
/// <param name="Input">
/// JSON as text: as JSON, a host on its way would parse it, and not take every number. Null if it is not small, as this is written over and
/// over into the orchestration's history: the activity reads it from where it is stored.
/// </param>
/// <param name="TimeLimit">How long one attempt's work may take.</param>
/// <param name="MaxAttempts">How often it is tried.</param>
/// <param name="FirstAttempt">1, or more where an earlier orchestration has tried it before.</param>
/// <param name="ETag">That of the row when it was inserted, so that its first change needs no read.</param>
/// <param name="StartAt">When the task may start; null for at once.</param>
/// <param name="StartBy">When the task has to have begun, or else it expires; null for never.</param>
/// <param name="Items">How many items a batch has; 0 for a single task.</param>
/// <param name="HasWebhook">Whether somebody is to be told of the end.</param>
/// <param name="TraceParent">The submission's trace (W3C), which the activity's continues.</param>
/// <param name="SliceSize">How many items are in one of a batch's slices; other sizes than the row's would mix them up.</param>
public sealed record OrchestrationInput(
    string Activity,
    string? Input,
    TimeSpan TimeLimit,
    int MaxAttempts,
    int FirstAttempt,
    string ETag,
    DateTimeOffset? StartAt,
    DateTimeOffset? StartBy,
    int Items,
    bool HasWebhook,
    string? TraceParent,
    int SliceSize = Slices.FormerSize)
{
    internal Slices Slices => new(Items, SliceSize);
}
