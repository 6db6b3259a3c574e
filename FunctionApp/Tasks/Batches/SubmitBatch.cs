using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tasks.Batches;

/// <summary><c>POST /{kind}/batch</c>: accepts one task for up to 1,000 inputs of a kind.</summary>
public sealed class SubmitBatch(TaskKinds kinds, TaskSubmitter submitter)
{
    private const int MaxBodyLength = 1_024 * 1_024;

    [Function(nameof(SubmitBatch))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "{kind:alpha}/batch")] HttpRequest request,
        string kind,
        [DurableClient] DurableTaskClient client)
    {
        if (kinds.Find(kind) is not { TakesBatches: true } batchKind)
        {
            return TaskProblems.NoSuchKind();
        }

        var members = JsonMembers.Parse(await RequestBody.ReadAsync(request, MaxBodyLength));
        var items = BatchItems.Read(members, batchKind);
        return await submitter.AcceptAsync(new Submission(batchKind, items.Summary, Items: items), request, client, members.Errors);
    }
}
