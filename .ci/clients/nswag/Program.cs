// What a caller does, through the client that NSwag generates: submit, wait, result, a 400, cancel, the pages of a list, a batch.
using System.Text.Json;
using Generated;

using var http = new HttpClient { BaseAddress = new Uri(args[0]) };
var client = new TasksClient(http);

SubmittedTask accepted = await client.SubmitMultiplicationAsync(new() { X = 6, Y = 7 }, prefer: "wait=30", label: "NSwag");
Check(accepted.Status == Status.Succeeded, "the task has succeeded");
Check((await client.GetMultiplicationAsync(accepted.Task_id)).Result == 42, "its result is a number");
TaskView task = await client.GetTaskAsync(accepted.Task_id, prefer: "wait=30");
Check(task is { Label: "NSwag", Status: Status.Succeeded, Progress: 1, Webhook: null, Retry_of: null } && ((JsonElement)task.Result).GetRawText() == "42", "the task has its members");

try
{
    await client.SubmitMultiplicationAsync(new() { X = 6, Y = 7 }, delay: -1, label: "");
    Check(false, "a wrong option is refused");
}
catch (ApiException<Problem> refused)
{
    Check(refused is { StatusCode: 400, Result.Errors.Count: 2 } && refused.Result.Errors["delay"].Single().Length > 0, "the problem names what is wrong");
}

SubmittedTask later = await client.SubmitMultiplicationAsync(new() { X = 6, Y = 7 }, delay: 600, label: "NSwag");
Check((await client.CancelTaskAsync(later.Task_id)).Error.Code == "canceled", "the task is canceled");
try
{
    await client.GetMultiplicationAsync(later.Task_id);
    Check(false, "a canceled task has no result");
}
catch (ApiException<Problem> noResult)
{
    Check(noResult is { StatusCode: 404, Result.Task_status: ProblemTask_status.Canceled }, "the problem has the task's status");
}

List<TaskView> listed = [];
string? cursor = null;
do
{
    TaskPage page = await client.ListTasksAsync(label: "NSwag", limit: 1, cursor: cursor);
    listed.AddRange(page.Tasks);
    cursor = page.Next_cursor;
}
while (cursor is not null);
Check(listed.Select(one => one.Task_id).SequenceEqual([later.Task_id, accepted.Task_id]), "the pages have both tasks");

SubmittedTask batch = await client.SubmitMultiplicationBatchAsync(
    new() { Items = [new() { X = 6, Y = 7 }, new() { X = 1e200, Y = 1e200 }] }, prefer: "wait=30");
MultiplicationBatchItem[] results = [.. (await client.GetMultiplicationBatchAsync(batch.Task_id)).Results];
Check(results is [{ Result: 42, Error: null }, { Result: null, Error.Code: "not_finite" }], "an item has a result or an error");
Check((await client.GetTaskAsync(batch.Task_id)).Items is { Total: 2, Succeeded: 1, Failed: 1 }, "the batch has its counts");
Console.WriteLine("NSwag: passed");

static void Check(bool isSo, string what)
{
    if (!isSo)
    {
        throw new InvalidOperationException($"NSwag's client does not show that {what}.");
    }
}
