namespace FunctionApp.Tasks;

/// <summary>
/// Where a task stands. Of a batch that is being submitted there is a row before there are its items; and a deleted task's
/// row stays for a while as a tombstone. Callers see neither.
/// </summary>
public enum RowStatus
{
    Preparing,
    Pending,
    Running,
    Succeeded,
    Failed,
    Canceled,
    Deleted,
}
