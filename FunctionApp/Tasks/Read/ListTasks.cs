using System.Diagnostics;
using Azure;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;

namespace FunctionApp.Tasks;

/// <summary>Body of a list.</summary>
/// <param name="Next">Path of the next page; null if this is the last one.</param>
/// <param name="NextCursor">The cursor in that path, for those who make the request themselves.</param>
public sealed record TaskPage(IReadOnlyList<TaskView> Tasks, string? Next, string? NextCursor);

/// <summary>
/// <c>GET /tasks</c>: tasks, newest first. Following <c>next</c> to its end yields every task that was there at the first
/// page and matched throughout, exactly once. A page may be short, or empty, so that it comes soon.
/// </summary>
public sealed class ListTasks(TaskTable tasks, IOptions<RetentionSettings> retention, TimeProvider time)
{
    // Another instance's clock may be ahead, so the newest tasks may seem to be of the future.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    [Function(nameof(ListTasks))]
    public async Task<IResult> RunAsync([HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "tasks")] HttpRequest request)
    {
        Dictionary<string, string[]> errors = [];
        (TaskListFilter filter, string? after) = TaskListFilter.Read(request.Query, errors);
        if (errors.Count > 0)
        {
            return TypedResults.ValidationProblem(errors, $"These parameters are not valid: {string.Join(", ", errors.Keys)}.");
        }

        DateTimeOffset now = time.GetUtcNow();
        var range = TaskRange.Of(filter.CreatedBefore ?? now + ClockSkew, filter.CreatedAfter);
        (List<TaskRow> rows, string? last) =
            await ReadAsync(after is null ? range : range.From(after), filter, now, request.HttpContext.RequestAborted);
        PathString prefix = request.PathBase;
        var page = new TaskPage(
            [.. rows.Select(row => TaskView.Of(row, now, retention.Value.Period, prefix))],
            last is null ? null : $"{prefix}{filter.Next(last)}",
            last is null ? null : filter.Cursor(last));
        return TypedResults.Json(page, TaskView.Json);
    }

    /// <summary>A page's rows, and the row key up to which it has looked; null if that is the end.</summary>
    private async Task<(List<TaskRow> Rows, string? Last)> ReadAsync(
        TaskRange range, TaskListFilter filter, DateTimeOffset now, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        List<TaskRow> rows = [];
        foreach (TaskRange piece in range.Split())
        {
            await foreach (Page<TaskRow> page in tasks.QueryAsync(piece, filter.ToTableFilter(), filter.Limit, cancellationToken))
            {
                foreach (TaskRow row in page.Values.Where(row => filter.Matches(row, now)))
                {
                    rows.Add(row);
                    if (rows.Count == filter.Limit)
                    {
                        return (rows, row.RowKey);
                    }
                }

                if (page.Values.Count > 0 && Stopwatch.GetElapsedTime(start) > Patience)
                {
                    return (rows, page.Values[^1].RowKey);
                }
            }
        }

        return (rows, null);
    }
}
