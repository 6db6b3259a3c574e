using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Primitives;

namespace FunctionApp.Tasks;

/// <summary>
/// <c>GET /tasks/{task_id}/log</c>: what the task's work has said, from <c>?offset=</c> on. With <c>Prefer: wait</c> later, when it has said
/// more. The header <c>Next-Offset</c> says where the rest will begin.
/// </summary>
public sealed class GetLog(LongPolling polling, TaskBlobs blobs)
{
    private const string NextOffset = "Next-Offset";

    [Function(nameof(GetLog))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "tasks/{taskId}/log")] HttpRequest request,
        string taskId,
        [DurableClient] DurableTaskClient client)
    {
        long offset = 0;
        if (request.Query.TryGetValue("offset", out StringValues text)
            && !(text.Count == 1 && long.TryParse(text[0], NumberStyles.None, CultureInfo.InvariantCulture, out offset)))
        {
            return TypedResults.ValidationProblem(
                new Dictionary<string, string[]> { ["offset"] = ["must be one whole number of bytes"] }, "These parameters are not valid: offset.");
        }

        HttpContext http = request.HttpContext;
        bool IsNews(TaskRow row) => !row.IsUnfinished || row.LogSize > offset;
        if (await polling.ReadAsync(taskId, http, client, IsNews, TaskColumns.None) is not { } row)
        {
            return TaskProblems.Unknown();
        }

        BinaryData? more = row.LogSize > offset ? await blobs.ReadAsync(TaskBlobs.LogName(row.Id), http.RequestAborted, offset) : null;
        ReadOnlyMemory<byte> bytes = more?.ToMemory() ?? default;
        http.Response.Headers[NextOffset] = $"{offset + bytes.Length}";
        if (row.IsUnfinished)
        {
            http.Response.Headers.RetryAfter = TaskResults.RetryAfter;
        }

        return TypedResults.Bytes(bytes, TaskBlobs.PlainText);
    }
}
