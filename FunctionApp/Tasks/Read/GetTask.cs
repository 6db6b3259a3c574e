using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace FunctionApp.Tasks;

/// <summary>
/// <c>GET /tasks/{task_id}</c>: the task, of whatever kind. With <c>If-None-Match</c> 304 while it has not changed; with
/// <c>Prefer: wait</c> later, when it has.
/// </summary>
public sealed class GetTask(LongPolling polling, IOptions<RetentionSettings> retention, TimeProvider time)
{
    [Function(nameof(GetTask))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "tasks/{taskId}")] HttpRequest request,
        string taskId,
        [DurableClient] DurableTaskClient client)
    {
        HttpContext http = request.HttpContext;
        IList<EntityTagHeaderValue> known = new RequestHeaders(request.Headers).IfNoneMatch;
        PathString prefix = request.PathBase;
        string ETag(TaskRow row) => TaskView.ETag(row, time.GetUtcNow(), retention.Value.Period, prefix);
        bool IsNews(TaskRow row) => known.Count == 0 ? !row.IsUnfinished : !IsKnown(ETag(row));
        bool IsKnown(string etag) => known.Any(one => one == EntityTagHeaderValue.Any || one.Tag == etag);

        if (await polling.ReadAsync(taskId, http, client, IsNews, TaskColumns.All) is not { } row)
        {
            return TaskProblems.Unknown();
        }

        string etag = ETag(row);
        http.Response.Headers.ETag = etag;
        if (row.IsUnfinished)
        {
            http.Response.Headers.RetryAfter = TaskResults.RetryAfter;
        }

        return IsKnown(etag)
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : TaskView.Of(row, time.GetUtcNow(), retention.Value.Period, prefix).Answer();
    }
}
