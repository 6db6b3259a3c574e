namespace FunctionApp.Tasks;

/// <summary>A kind of task: all that the rest of this folder knows about it.</summary>
/// <param name="Name">The task's <c>kind</c>, and the first part of its routes.</param>
/// <param name="Activity">Name of the activity function that does the work.</param>
/// <param name="TimeLimit">How long a task may take once its orchestration has started, retries included.</param>
public sealed record TaskKind(string Name, string Activity, TimeSpan TimeLimit)
{
    /// <summary>The kind with the usual time limit of five minutes.</summary>
    public TaskKind(string name, string activity)
        : this(name, activity, TimeSpan.FromMinutes(5))
    {
    }
}
