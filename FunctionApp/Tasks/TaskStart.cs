namespace FunctionApp.Tasks;

/// <summary>Input of <see cref="TaskOrchestration"/> and <see cref="Batches.BatchOrchestration"/>.</summary>
/// <param name="Activity">Name of the activity function that does the work.</param>
/// <param name="Input">JSON as text: as JSON, a host on its way would parse it, and not take every number.</param>
/// <param name="TimeLimit">How long the task may take from the orchestration's start.</param>
/// <param name="ETag">That of the row when it was inserted, so that its first change needs no read.</param>
/// <param name="StartAt">When the task may start; null for at once.</param>
/// <param name="Items">How many items a batch has; 0 for a single task.</param>
/// <param name="HasWebhook">Whether somebody is to be told of the end.</param>
/// <param name="TraceParent">The submission's trace (W3C), which the activity's continues.</param>
public sealed record TaskStart(
    string Activity, string Input, TimeSpan TimeLimit, string ETag, DateTimeOffset? StartAt, int Items, bool HasWebhook, string? TraceParent);

/// <summary>Input of a task's activity.</summary>
/// <param name="TaskId">The task's ID.</param>
/// <param name="Start">What the orchestration was started with.</param>
/// <param name="Deadline">When the time limit ends.</param>
/// <param name="Attempt">From 1 on.</param>
public sealed record TaskExecution(string TaskId, TaskStart Start, DateTimeOffset Deadline, int Attempt);

/// <summary>Input of <see cref="FailTask"/>.</summary>
public sealed record TaskFailure(string TaskId, string ETag, TaskError Error);
