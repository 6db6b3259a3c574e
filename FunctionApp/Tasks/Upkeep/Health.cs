using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tasks.Upkeep;

/// <summary>
/// Whether the app can do its work: storage and the task hub answer. All who ask within some seconds share one look, as
/// anybody may ask.
/// </summary>
public sealed class Health(TaskTable tasks, TimeProvider time)
{
    private static readonly TimeSpan Holds = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private Task _latest = Task.CompletedTask;
    private DateTimeOffset _holdsUntil;

    /// <summary>Throws what storage and the durable client throw, unless both answer.</summary>
    public Task CheckAsync(DurableTaskClient client)
    {
        lock (_lock)
        {
            DateTimeOffset now = time.GetUtcNow();
            if (_latest.IsCompleted && now >= _holdsUntil)
            {
                _holdsUntil = now + Holds;
                _latest = LookAsync(client);
            }

            return _latest;
        }
    }

    private async Task LookAsync(DurableTaskClient client)
    {
        // No task has this ID, so the read returns nothing and costs as little as one can.
        using var patience = new CancellationTokenSource(Holds, time);
        var nobody = TaskId.Create(DateTimeOffset.UnixEpoch);
        await Task.WhenAll(
            tasks.FindStatusAsync(nobody, patience.Token),
            client.GetInstanceAsync(nobody.ToString(), getInputsAndOutputs: false, patience.Token));
    }
}

/// <summary>Body of the answer 200.</summary>
public sealed record HealthReport(string Status);

/// <summary><c>GET /health</c>: 200, or 503 while storage or the task hub do not answer. It says nothing else, so it needs no key.</summary>
public sealed class GetHealth(Health health)
{
    [Function(nameof(GetHealth))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "health")] HttpRequest request, [DurableClient] DurableTaskClient client)
    {
        await health.CheckAsync(client).WaitAsync(request.HttpContext.RequestAborted);
        return TypedResults.Ok(new HealthReport("Healthy"));
    }
}
