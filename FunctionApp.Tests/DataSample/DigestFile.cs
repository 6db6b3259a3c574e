using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FunctionApp.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace DataSample;

/// <param name="Lines">How many lines to log.</param>
/// <param name="Files">How many files to leave beside the copy.</param>
/// <param name="Failures">How many attempts fail.</param>
/// <param name="Seconds">How long it takes from the log's first lines to the end.</param>
public sealed record Digestion(int Lines, int Files, int Failures, int Seconds);

public sealed record Digest(string Sha256, long Size, string? Name, string ContentType);

/// <summary>A kind of task that takes a file, says something, and leaves a copy and other files.</summary>
public sealed class DigestFile(TaskRunner tasks) : TaskKind<Digestion, Digest>("digest", nameof(DigestFile))
{
    public override IReadOnlyList<string> ContentTypes => ["application/octet-stream", "text/*"];

    public override Digestion Read(JsonMembers body) => new(Number(body, "lines"), Number(body, "files"), Number(body, "failures"), Number(body, "seconds"));

    public override async Task<Digest> ComputeAsync(Digestion input, TaskProgress progress, CancellationToken cancellationToken)
    {
        for (int line = 1; line <= input.Lines; line++)
        {
            progress.Log($"line {line} äöü {new string('.', 100)}");
        }

        await Task.Delay(TimeSpan.FromSeconds(input.Seconds), cancellationToken);
        int attempts = progress.Saved<int>() + 1;
        progress.Save(attempts);
        for (int number = 0; number < input.Files; number++)
        {
            await using Stream output = await progress.OpenOutputAsync($"file-{number}.txt", "text/plain; charset=utf-8", cancellationToken);
            await output.WriteAsync(Encoding.UTF8.GetBytes($"file {number} of attempt {attempts}"), cancellationToken);
        }

        if (attempts <= input.Failures)
        {
            throw new TemporaryFailureException("The feed was down.");
        }

        TaskFile file = progress.Input!;
        await using Stream body = await file.OpenAsync(cancellationToken);
        await using (Stream copy = await progress.OpenOutputAsync("copy.bin", file.ContentType, cancellationToken))
        {
            await body.CopyToAsync(copy, cancellationToken);
        }

        body.Position = 0;
        return new(Convert.ToHexStringLower(await SHA256.HashDataAsync(body, cancellationToken)), file.Size, file.Name, file.ContentType);
    }

    [Function(nameof(DigestFile))]
    public Task RunAsync([ActivityTrigger] TaskAttempt attempt, CancellationToken cancellationToken) =>
        tasks.RunAsync(this, attempt, cancellationToken);

    private static int Number(JsonMembers query, string name) =>
        query.Optional(name, value => int.TryParse(value.GetString(), out _), "must be a whole number") is { ValueKind: JsonValueKind.String } text
            ? int.Parse(text.GetString()!)
            : 0;
}

public sealed class DigestApi(TaskSubmitter tasks, TaskResults results, DigestFile digest)
{
    [Function("SubmitDigestion")]
    public Task<IResult> SubmitAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "digest")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        tasks.SubmitAsync(digest, request, client);

    [Function("GetDigest")]
    public Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "digest/{taskId}")] HttpRequest request,
        string taskId, [DurableClient] DurableTaskClient client) =>
        results.GetAsync(digest, taskId, request, client);
}
