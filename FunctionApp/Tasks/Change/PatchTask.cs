using FunctionApp.Tasks.Upkeep;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace FunctionApp.Tasks;

/// <summary>
/// <c>PATCH /tasks/{task_id}</c>: another start, label or end of its keeping. With <c>If-Match</c> only if the task is still
/// what the caller has seen.
/// </summary>
public sealed class PatchTask(ReconciledTasks reconciled, TaskTable tasks, OpenTasks open, IOptions<RetentionSettings> retention, TimeProvider time)
{
    private const int MaxBodyLength = 4 * 1_024;

    // The sweep looks at a task that was moved so long after its new start, when its orchestration should be under way.
    private static readonly TimeSpan AfterStart = TimeSpan.FromMinutes(2);

    [Function(nameof(PatchTask))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "patch", Route = "tasks/{taskId}")] HttpRequest request,
        string taskId,
        [DurableClient] DurableTaskClient client)
    {
        var members = JsonMembers.Parse(await RequestBody.ReadAsync(request, MaxBodyLength));
        var patch = TaskPatch.Read(members, time.GetUtcNow());
        if (members.Errors.Count > 0)
        {
            return TypedResults.ValidationProblem(members.Errors, "The body is not a valid change of a task.");
        }

        IList<EntityTagHeaderValue> known = new RequestHeaders(request.Headers).IfMatch;
        while (await reconciled.FindAsync(taskId, client, request.HttpContext.RequestAborted) is { } row)
        {
            DateTimeOffset now = time.GetUtcNow();
            if (known.Count > 0 && !known.Any(one => one == EntityTagHeaderValue.Any || one.Tag == ETag(row, request)))
            {
                return TaskProblems.Changed(row.StatusAt(now));
            }

            if (patch.Conflict(row, now) is { } conflict)
            {
                return TaskProblems.Conflict(row.StatusAt(now), conflict);
            }

            if (await ChangeAsync(row, patch, client))
            {
                TaskRow changed = await reconciled.FindAsync(taskId, client, request.HttpContext.RequestAborted) ?? row;
                request.HttpContext.Response.Headers.ETag = ETag(changed, request);
                return TaskView.Of(changed, time.GetUtcNow(), retention.Value.Period, request.PathBase).Answer();
            }
        }

        return TaskProblems.Unknown();
    }

    /// <summary>False if somebody else has changed the task since it was read.</summary>
    private async Task<bool> ChangeAsync(TaskRow row, TaskPatch patch, DurableTaskClient client)
    {
        // From here on the caller's leaving changes nothing. Should it break off, the sweep sees to what it has noted before.
        using var writing = new CancellationTokenSource(RequestTimeLimit.Longest, time);
        DateTimeOffset?[] looks = [patch.StartAt + AfterStart, patch.ExpiresAt == TaskRow.Never ? null : patch.ExpiresAt];
        await open.AddAsync(looks.OfType<DateTimeOffset>().Select(due => new OpenTask(row.Id, due, row.Hub ?? client.Name)), writing.Token);
        if (!await tasks.ChangeIfSameAsync(patch.ToChange(row.Id), row.ETag, writing.Token))
        {
            return false;
        }

        if (patch.StartAt is not null)
        {
            // One that is not there yet is started with what the row says then.
            await client.RaiseIfRunningAsync(row.Id.ToString(), TaskOrchestration.ChangedEvent, writing.Token);
        }

        return true;
    }

    private string ETag(TaskRow row, HttpRequest request) => TaskView.ETag(row, time.GetUtcNow(), retention.Value.Period, request.PathBase);
}
