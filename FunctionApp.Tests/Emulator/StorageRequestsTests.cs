using System.Collections.Concurrent;
using System.Net;
using Azure.Data.Tables;
using FunctionApp.Emulator;
using FunctionApp.Tests.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Tests.Emulator;

/// <summary>What the functions cost in Azure: the storage requests that a real Azurite gets, seen by a proxy before it.</summary>
public sealed class StorageRequestsTests : IAsyncDisposable
{
    private readonly Dictionary<string, string?> _settings = AzuriteFixture.NewAppSettings();
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly HttpClient _azurite = new();
    private WebApplication _proxy = null!;

    [Fact]
    public async Task A_task_is_one_upsert_and_a_POST_nothing()
    {
        await using EmulatedFunctionApp app = await StartAsync();

        string[] tasks = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => app.Http.SubmitAsync("6", "7")));
        await Task.WhenAll(tasks.Select(task => app.DurableClient.WaitForInstanceCompletionAsync(task)));

        Assert.Equal(tasks.Select(task => $"PUT {task}").Order(), Requests().Order());
    }

    [Fact]
    public async Task A_GET_of_a_finished_task_is_at_most_one_read_and_of_any_other_one()
    {
        await using EmulatedFunctionApp app = await StartAsync();
        string task = await app.Http.SubmitAsync("6", "7");
        await app.DurableClient.WaitForInstanceCompletionAsync(task);

        // A new process remembers nothing.
        await app.RestartAsync();
        _requests.Clear();
        await app.Http.WaitForResultAsync(task);
        Assert.Equal([$"GET {task}"], Requests());

        // What was just read is remembered.
        await app.Http.WaitForResultAsync(task);
        await app.Http.WaitForResultAsync(task);
        Assert.InRange(Requests().Count, 1, 2);

        _requests.Clear();
        string unknown = Guid.NewGuid().ToString();
        using HttpResponseMessage answer = await app.Http.GetAsync($"/multiply/{unknown}");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal([$"GET {unknown}"], Requests());
    }

    [Fact]
    public async Task A_deleted_result_is_gone_although_it_was_read_a_moment_before()
    {
        await using EmulatedFunctionApp app = await StartAsync();
        string task = await app.Http.SubmitAsync("6", "7");
        await app.Http.WaitForResultAsync(task);

        await new TableClient(_settings["AzureWebJobsStorage"], _settings["ResultsTable"]).DeleteEntityAsync(task, task);

        // Polled without a pause: that must not keep it.
        using HttpResponseMessage gone = await app.Http.WaitUntilGoneAsync(task);
        Assert.Null(gone.Headers.RetryAfter);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _azurite.Dispose();
    }

    /// <summary>An app that has its Azurite behind a proxy which takes note of each request about a row.</summary>
    private async Task<EmulatedFunctionApp> StartAsync()
    {
        var storage = new TableServiceClient(_settings["AzureWebJobsStorage"]);
        string authority = storage.Uri.GetLeftPart(UriPartial.Authority);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _proxy = builder.Build();
        _proxy.Run(context => ForwardAsync(context, authority));
        await _proxy.StartAsync();

        EmulatedFunctionApp app = await EmulatedFunctionApp.StartAsync(new Dictionary<string, string?>(_settings)
        {
            ["AzureWebJobsStorage"] = _settings["AzureWebJobsStorage"]!.Replace(authority, _proxy.Urls.First(), StringComparison.Ordinal),
        });
        _requests.Clear();
        return app;
    }

    private async Task ForwardAsync(HttpContext context, string authority)
    {
        HttpRequest request = context.Request;
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        _requests.Enqueue($"{request.Method} {target}");
        using var forwarded = new HttpRequestMessage(new HttpMethod(request.Method), authority + target);
        if (request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0)
        {
            forwarded.Content = new StreamContent(request.Body);
        }

        foreach ((string name, Microsoft.Extensions.Primitives.StringValues value) in request.Headers)
        {
            if (!forwarded.Headers.TryAddWithoutValidation(name, value.AsEnumerable()))
            {
                forwarded.Content?.Headers.TryAddWithoutValidation(name, value.AsEnumerable());
            }
        }

        using HttpResponseMessage response = await _azurite.SendAsync(forwarded, HttpCompletionOption.ResponseHeadersRead);
        context.Response.StatusCode = (int)response.StatusCode;
        foreach ((string name, IEnumerable<string> value) in response.Headers.Concat(response.Content.Headers))
        {
            if (name != "Transfer-Encoding")
            {
                context.Response.Headers[name] = value.ToArray();
            }
        }

        await response.Content.CopyToAsync(context.Response.Body);
    }

    // "PUT <task>" of "PUT /devstoreaccount1/results1(PartitionKey='<task>',RowKey='<task>')?…"; a health check has no row.
    private List<string> Requests() =>
    [
        .. _requests.Where(request => !request.EndsWith("devstoreaccount1", StringComparison.Ordinal) && !request.EndsWith('/'))
            .Select(request => $"{request.Split(' ')[0]} {request.Split("PartitionKey='").Last().Split('\'')[0]}"),
    ];
}
