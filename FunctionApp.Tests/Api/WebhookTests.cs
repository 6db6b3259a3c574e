using System.Net;
using System.Text.Json;
using FunctionApp.Tasks.Webhooks;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using StandardWebhooks;

namespace FunctionApp.Tests.Api;

/// <summary><c>?webhook=</c>: told of every end, at least once, and by nobody else.</summary>
public abstract class WebhookTests(ApiHost api)
{
    [Fact]
    public async Task Every_end_is_told_signed_and_never_before_the_row_says_so()
    {
        _ = api.Own;
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(204);
        string succeeded = await SubmitAsync(receiver);
        string failed = await api.Http.SubmitAsync("1e200", "1e200", Query(receiver));
        string canceled = await api.Http.SubmitAsync(query: Query(receiver) + "&delay=600");
        using HttpResponseMessage cancel = await api.Http.CancelAsync(canceled);

        await Eventually.AreEqual(3, () => Task.FromResult(receiver.Requests.Count));

        Dictionary<string, string> statuses = [];
        foreach (WebhookReceiver.Received request in receiver.Requests)
        {
            // Each throws if no signature fits.
            new StandardWebhook(ApiHost.WebhookSecret).Verify(request.Body, request.Headers);
            new StandardWebhook(ApiHost.FormerWebhookSecret).Verify(request.Body, request.Headers);
            Assert.Equal(2, request.Headers["webhook-signature"].ToString().Split(' ').Distinct().Count());
            Assert.StartsWith("FunctionApp/", request.Headers.UserAgent.ToString());
            var told = JsonElement.Parse(request.Body);
            string taskId = told.GetProperty("task_id").GetString()!;
            Assert.Equal(taskId, request.Headers["webhook-id"]);
            Assert.True((await api.FindRowAsync(taskId))!.EndedAt <= request.At);
            Assert.Equal(new Uri(api.Own.Http.BaseAddress!, $"/tasks/{taskId}").AbsoluteUri, told.GetProperty("links").GetProperty("self").GetString());
            statuses[taskId] = told.GetProperty("status").GetString()!;
            if (taskId == succeeded)
            {
                Assert.Equal("4.6", told.GetProperty("result").GetRawText());
            }
        }

        Assert.Equal("Succeeded", statuses[succeeded]);
        Assert.Equal("Failed", statuses[failed]);
        Assert.Equal("Canceled", statuses[canceled]);
        await Eventually.AreEqual("""{"attempts":1,"last_status":"204","done":true}""", () => WebhookAsync(succeeded));
    }

    [Fact]
    public async Task A_retry_keeps_the_webhook_unless_it_says_otherwise()
    {
        _ = api.Own;
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(204);
        await using WebhookReceiver other = await WebhookReceiver.StartAsync(204);
        string taskId = await SubmitAsync(receiver);
        await api.Http.WaitForResultAsync(taskId);

        Assert.Equal(receiver.Url, await RetryAsync(""));
        Assert.Equal(other.Url, await RetryAsync(Query(other)));
        Assert.Null(await RetryAsync("?webhook="));

        await Eventually.AreEqual((2, 1), () => Task.FromResult((receiver.Requests.Count, other.Requests.Count)));

        async Task<string?> RetryAsync(string query)
        {
            using HttpResponseMessage retry = await api.Http.PostAsync($"/tasks/{taskId}/retry{query}", content: null);
            return (await api.FindRowAsync(await retry.ReadTaskIdAsync()))!.WebhookUrl;
        }
    }

    [Fact]
    public async Task An_answer_that_is_not_2xx_is_tried_again_until_one_is()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(500, 200);

        string taskId = await SubmitAsync(receiver);

        await Eventually.AreEqual("""{"attempts":2,"last_status":"200","done":true}""", () => WebhookAsync(taskId));
        WebhookReceiver.Received[] requests = [.. receiver.Requests];
        Assert.Equal(requests[0].Headers["webhook-id"], requests[1].Headers["webhook-id"]);

        // Azure Storage's timers may be a second early.
        Assert.InRange(requests[1].At - requests[0].At, TimeSpan.FromSeconds(3.9), TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task A_receiver_says_how_long_it_wants_to_be_left_alone()
    {
        await Task.WhenAll(
            IsLeftAloneAsync(() => "8"),
            IsLeftAloneAsync(() => DateTimeOffset.UtcNow.AddSeconds(9).ToString("R"))); // in whole seconds

        async Task IsLeftAloneAsync(Func<string> retryAfter)
        {
            await using WebhookReceiver receiver = await WebhookReceiver.StartAsync((http, number) =>
            {
                if (number == 1)
                {
                    http.Response.StatusCode = 503;
                    http.Response.Headers.RetryAfter = retryAfter();
                }

                return Task.CompletedTask;
            });
            string taskId = await SubmitAsync(receiver);
            await Eventually.AreEqual("""{"attempts":2,"last_status":"200","done":true}""", () => WebhookAsync(taskId));
            WebhookReceiver.Received[] requests = [.. receiver.Requests];

            // Without it, it would be 5 seconds.
            Assert.InRange(requests[1].At - requests[0].At, TimeSpan.FromSeconds(6.5), TimeSpan.FromSeconds(25));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_delivery_that_was_terminated_goes_on_where_it_was_however_many_start_it_again(bool purged)
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(500, 200);
        string taskId = await SubmitAsync(receiver);
        await Eventually.AreEqual("""{"attempts":1,"last_status":"500","done":false}""", () => WebhookAsync(taskId));
        DurableTaskClient client = api.Own.DurableClient;
        string delivery = WebhookOrchestration.InstanceId(taskId);

        // While it is under way, nobody starts it again.
        DateTimeOffset started = (await client.GetInstanceAsync(delivery))!.CreatedAt;
        await WebhookOrchestration.StartAsync(client, taskId, default);
        Assert.Equal(started, (await client.GetInstanceAsync(delivery))!.CreatedAt);

        await client.TerminateInstanceAsync(delivery);
        await client.WaitForInstanceCompletionAsync(delivery);
        if (purged)
        {
            await client.PurgeInstanceAsync(delivery);
        }

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => WebhookOrchestration.StartAsync(client, taskId, default)));

        await Eventually.AreEqual("""{"attempts":2,"last_status":"200","done":true}""", () => WebhookAsync(taskId));
        await client.WaitForInstanceCompletionAsync(delivery);
        WebhookReceiver.Received[] requests = [.. receiver.Requests];
        Assert.Equal(2, requests.Length);
        Assert.InRange(requests[1].At - requests[0].At, TimeSpan.FromSeconds(2.5), TimeSpan.FromSeconds(15));
    }

    [Theory]
    [InlineData(0)] // not the text that it takes: it fails
    [InlineData("019ab3c2-7f10-7c4e-9d52-3f0a6b1c8e21")] // no such task: it completes
    public async Task A_delivery_that_ended_without_having_delivered_is_started_again_by_the_task_s_end(object input)
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(204);
        _ = api.Own;
        string taskId = await api.Http.SubmitAsync(query: Query(receiver) + "&delay=4");
        await StartDeliveryAsync(taskId, input);
        await api.Own.DurableClient.WaitForInstanceCompletionAsync(WebhookOrchestration.InstanceId(taskId));

        await Eventually.AreEqual("""{"attempts":1,"last_status":"204","done":true}""", () => WebhookAsync(taskId));
    }

    [Fact]
    public async Task A_delivery_that_comes_before_the_end_waits_for_it()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(204);
        _ = api.Own;
        string taskId = await api.Http.SubmitAsync(query: Query(receiver) + "&delay=600");
        await StartDeliveryAsync(taskId, taskId);

        // It has been told that the row is unfinished.
        await Eventually.AreEqual(true, async () => await HistoryHasAsync(WebhookOrchestration.InstanceId(taskId), "TimerCreated"));
        Assert.Equal("""{"attempts":0,"last_status":"","done":false}""", await WebhookAsync(taskId));
        using HttpResponseMessage cancel = await api.Http.CancelAsync(taskId);

        await Eventually.AreEqual("""{"attempts":1,"last_status":"204","done":true}""", () => WebhookAsync(taskId));
        Assert.Equal("Canceled", JsonElement.Parse(Assert.Single(receiver.Requests).Body).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Gone_ends_it()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(410);

        string taskId = await SubmitAsync(receiver);

        await Eventually.AreEqual("""{"attempts":1,"last_status":"410","done":true}""", () => WebhookAsync(taskId));
    }

    [Fact]
    public async Task It_can_be_sent_again_by_hand_and_its_deliveries_can_be_seen()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(503, 410, 200);
        string taskId = await SubmitAsync(receiver);
        await Eventually.AreEqual("""{"attempts":1,"last_status":"503","done":false}""", () => WebhookAsync(taskId));

        // It waits for its next attempt: it is woken.
        Assert.Equal("False", (await SendAgainAsync(taskId)).GetProperty("done").ToString());
        await Eventually.AreEqual("""{"attempts":2,"last_status":"410","done":true}""", () => WebhookAsync(taskId));

        // It was given up: it is started again.
        await api.Own.DurableClient.WaitForInstanceCompletionAsync(WebhookOrchestration.InstanceId(taskId));
        await SendAgainAsync(taskId);
        await Eventually.AreEqual("""{"attempts":3,"last_status":"200","done":true}""", () => WebhookAsync(taskId));

        JsonElement webhook = await api.Http.GetJsonAsync($"/tasks/{taskId}/webhook");
        Assert.Equal(JsonValueKind.Null, webhook.GetProperty("next_attempt_at").ValueKind);
        JsonElement[] deliveries = [.. webhook.GetProperty("deliveries").EnumerateArray()];
        Assert.Equal(["200", "410", "503"], deliveries.Select(delivery => delivery.GetProperty("status").GetString()));
        WebhookReceiver.Received[] requests = [.. receiver.Requests];
        Assert.Equal(3, requests.Length);
        Assert.Single(requests.Select(request => request.Headers["webhook-id"].ToString()).Distinct());
        Assert.InRange(requests[1].At - requests[0].At, TimeSpan.Zero, TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task What_is_unfinished_or_has_no_webhook_is_not_sent()
    {
        _ = api.Own;
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(200);
        string without = await api.Http.SubmitAsync();
        await api.Http.WaitForResultAsync(without);
        string scheduled = await api.Http.SubmitAsync(query: Query(receiver) + "&delay=600");

        using HttpResponseMessage none = await api.Http.PostAsync($"/tasks/{without}/webhook", content: null);
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Succeeded", none);
        using HttpResponseMessage early = await api.Http.PostAsync($"/tasks/{scheduled}/webhook", content: null);
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.Conflict, "Scheduled", early);
        using HttpResponseMessage unknown = await api.Http.GetAsync($"/tasks/{Guid.CreateVersion7()}/webhook");
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Unknown", unknown);
        Assert.Empty(receiver.Requests);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using WebhookReceiver elsewhere = await WebhookReceiver.StartAsync(200);
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync((http, _) =>
        {
            http.Response.Redirect(elsewhere.Url);
            return Task.CompletedTask;
        });

        string taskId = await SubmitAsync(receiver);

        await Eventually.AreEqual("""{"attempts":1,"last_status":"302","done":false}""", () => WebhookAsync(taskId));
        Assert.Empty(elsewhere.Requests);
    }

    [Long]
    [Fact]
    public async Task A_receiver_that_takes_more_than_10_seconds_has_not_answered_and_the_task_has_long_ended()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync((http, _) => Task.Delay(TimeSpan.FromMinutes(1), http.RequestAborted));

        string taskId = await SubmitAsync(receiver);

        Assert.Equal("4.6", await api.Http.WaitForResultAsync(taskId));
        await Eventually.AreEqual("""{"attempts":1,"last_status":"no answer within 10 seconds","done":false}""", () => WebhookAsync(taskId));
    }

    [Fact]
    public async Task A_name_that_resolves_to_an_address_that_is_not_public_is_not_connected_to()
    {
        _ = api.Own;

        // The name is of no host that is allowed; it resolves to the loopback interface.
        string taskId = await api.Http.SubmitAsync(query: "?webhook=https://localhost/hook");

        await Eventually.AreEqual("""{"attempts":1,"last_status":"the address is not public","done":false}""", () => WebhookAsync(taskId));
    }

    [Theory]
    [InlineData("http://example.com/")]
    [InlineData("ftp://127.0.0.1/")]
    [InlineData("https://user@example.com/")]
    [InlineData("https://10.0.0.1/")]
    [InlineData("https://[::1]/")]
    [InlineData("https://[::ffff:127.0.0.1]/")]
    [InlineData("https://169.254.169.254/metadata")]
    [InlineData("https://168.63.129.16/")]
    [InlineData("/path")]
    [InlineData("")]
    public async Task An_URL_that_may_not_be_called_is_400(string url)
    {
        using HttpResponseMessage response = await api.Http.PostAsync("""{"x": 6, "y": 7}""", $"?webhook={Uri.EscapeDataString(url)}");
        await ProblemAssert.NamesAsync(["webhook"], response);
    }

    private static string Query(WebhookReceiver receiver) => $"?webhook={Uri.EscapeDataString(receiver.Url)}";

    private Task<string> SubmitAsync(WebhookReceiver receiver)
    {
        _ = api.Own;
        return api.Http.SubmitAsync(query: Query(receiver));
    }

    private async Task<JsonElement> SendAgainAsync(string taskId)
    {
        using HttpResponseMessage response = await api.Http.PostAsync($"/tasks/{taskId}/webhook", content: null);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        return await response.ReadJsonAsync();
    }

    private Task<string> StartDeliveryAsync(string taskId, object input) => api.Own.DurableClient.ScheduleNewOrchestrationInstanceAsync(
        nameof(WebhookOrchestration), input, new StartOrchestrationOptions(InstanceId: WebhookOrchestration.InstanceId(taskId)));

    private async Task<bool> HistoryHasAsync(string instanceId, string eventType)
    {
        string history = await api.Own.Http.GetStringAsync($"/runtime/webhooks/durabletask/instances/{instanceId}?showHistory=true");
        return history.Contains(eventType);
    }

    private async Task<string> WebhookAsync(string taskId)
    {
        JsonElement webhook = (await api.Http.GetTaskAsync(taskId)).GetProperty("webhook");
        return $$"""{"attempts":{{webhook.GetProperty("attempts")}},"last_status":"{{webhook.GetProperty("last_status")}}","done":{{(webhook.GetProperty("done").GetBoolean() ? "true" : "false")}}}""";
    }
}
