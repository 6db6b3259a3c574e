using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace DurableSample;

/// <summary>Functions for whose levels callers need a key, and one that tells where an instance is managed.</summary>
public static class GuardedFunctions
{
    [Function(nameof(Guarded))]
    public static IResult Guarded([HttpTrigger(AuthorizationLevel.Function, "get")] HttpRequest request) => Results.Text("guarded");

    [Function(nameof(Restricted))]
    public static IResult Restricted([HttpTrigger(AuthorizationLevel.Admin, "get")] HttpRequest request) => Results.Text("restricted");

    /// <returns>The URLs of an instance.</returns>
    [Function(nameof(Manage))]
    public static IResult Manage(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, [DurableClient] DurableTaskClient client, string id) =>
        Results.Json(client.CreateHttpManagementPayload(id));
}
