// What a caller does, through the client that Kiota generates: submit, wait, result, a 400, cancel, the pages of a list, a batch.
using Generated;
using Generated.Models;
using Microsoft.Kiota.Abstractions.Authentication;
using Microsoft.Kiota.Abstractions.Serialization;
using Microsoft.Kiota.Http.HttpClientLibrary;

using var adapter = new HttpClientRequestAdapter(new AnonymousAuthenticationProvider()) { BaseUrl = args[0] };
var client = new TasksClient(adapter);

SubmittedTask accepted = (await client.Multiply.PostAsync(new() { X = 6, Y = 7 }, request =>
{
    request.Headers.Add("Prefer", "wait=30");
    request.QueryParameters.Label = "Kiota";
}))!;
Check(accepted.Status == Status.Succeeded, "the task has succeeded");
Guid taskId = accepted.TaskId!.Value;
Check((await client.Multiply[taskId].GetAsync())!.Result == 42, "its result is a number");
TaskView task = (await client.Tasks[taskId].GetAsync(request => request.Headers.Add("Prefer", "wait=30")))!;
Check(task is { Label: "Kiota", Status: Status.Succeeded, Progress: 1, Webhook: null, RetryOf: null, Result: UntypedInteger or UntypedDecimal or UntypedDouble or UntypedLong }, "the task has its members");

try
{
    await client.Multiply.PostAsync(new() { X = 6, Y = 7 }, request => (request.QueryParameters.Delay, request.QueryParameters.Label) = (-1, ""));
    Check(false, "a wrong option is refused");
}
catch (Problem refused)
{
    Check(refused is { ResponseStatusCode: 400, Errors.AdditionalData.Count: 2 } && refused.Errors.AdditionalData.ContainsKey("delay"), "the problem names what is wrong");
}

SubmittedTask later = (await client.Multiply.PostAsync(new() { X = 6, Y = 7 }, request => (request.QueryParameters.Delay, request.QueryParameters.Label) = (600, "Kiota")))!;
Guid laterId = later.TaskId!.Value;
Check((await client.Tasks[laterId].Cancel.PostAsync())!.Error!.Code == "canceled", "the task is canceled");
try
{
    await client.Multiply[laterId].GetAsync();
    Check(false, "a canceled task has no result");
}
catch (Problem noResult)
{
    Check(noResult is { ResponseStatusCode: 404, TaskStatus: Problem_task_status.Canceled }, "the problem has the task's status");
}

List<TaskView> listed = [];
string? cursor = null;
do
{
    TaskPage page = (await client.Tasks.GetAsync(request =>
        (request.QueryParameters.Label, request.QueryParameters.Limit, request.QueryParameters.Cursor) = ("Kiota", 1, cursor)))!;
    listed.AddRange(page.Tasks!);
    cursor = page.NextCursor;
}
while (cursor is not null);
Check(listed.Select(one => one.TaskId!.Value).SequenceEqual([laterId, taskId]), "the pages have both tasks");

SubmittedTask batch = (await client.Multiply.Batch.PostAsync(
    new() { Items = [new() { X = 6, Y = 7 }, new() { X = 1e200, Y = 1e200 }] }, request => request.Headers.Add("Prefer", "wait=30")))!;
List<MultiplicationBatchItem> results = (await client.Multiply.Batch[batch.TaskId!.Value].GetAsync())!.Results!;
Check(results is [{ Result: 42, Error: null }, { Result: null, Error.Code: "not_finite" }], "an item has a result or an error");
Check((await client.Tasks[batch.TaskId.Value].GetAsync())!.Items is { Total: 2, Succeeded: 1, Failed: 1 }, "the batch has its counts");
Console.WriteLine("Kiota: passed");

static void Check(bool isSo, string what)
{
    if (!isSo)
    {
        throw new InvalidOperationException($"Kiota's client does not show that {what}.");
    }
}
