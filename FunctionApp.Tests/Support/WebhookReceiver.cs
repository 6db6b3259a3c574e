using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace FunctionApp.Tests;

/// <summary>A real HTTP server that remembers what it was sent and answers as a test wants it.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WebhookReceiver(string host, Func<HttpContext, int, Task> answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Urls.Add($"http://{host}:0");
        _app.Run(async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            var headers = new HeaderDictionary();
            foreach ((string name, StringValues value) in http.Request.Headers)
            {
                headers[name] = value;
            }

            var request = new Received(headers, await reader.ReadToEndAsync(), DateTimeOffset.UtcNow);
            int number;
            lock (Requests)
            {
                Requests.Enqueue(request);
                number = Requests.Count;
            }

            await answer(http, number);
        });
    }

    public ConcurrentQueue<Received> Requests { get; } = new();

    public string Url => $"{_app.Urls.First()}/hook";

    /// <param name="answer">Gets the request and its number, from 1 on.</param>
    /// <param name="host">Where it listens; any of 127.0.0.0/8.</param>
    public static async Task<WebhookReceiver> StartAsync(Func<HttpContext, int, Task> answer, string host = "127.0.0.1")
    {
        var receiver = new WebhookReceiver(host, answer);
        await receiver._app.StartAsync();
        return receiver;
    }

    public static Task<WebhookReceiver> StartAsync(params int[] statuses) => StartAsync((http, number) =>
    {
        http.Response.StatusCode = statuses[Math.Min(number, statuses.Length) - 1];
        return Task.CompletedTask;
    });

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    internal sealed record Received(IHeaderDictionary Headers, string Body, DateTimeOffset At);
}
