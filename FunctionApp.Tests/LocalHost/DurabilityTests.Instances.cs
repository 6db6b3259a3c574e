using System.Diagnostics;
using DurableTask.Core.History;
using Grpc.Core;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tests.LocalHost;

/// <summary>What instances have besides their state, and how they are managed.</summary>
public abstract partial class DurabilityTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_instance_that_has_ended_is_restarted_with_its_input_and_tags(bool newId)
    {
        string id = $"restarted-{newId}";
        var options = new StartOrchestrationOptions(id) { Tags = new Dictionary<string, string> { ["color"] = "red" } };
        await Client.ScheduleNewOrchestrationInstanceAsync("Echoes", "a", options, Soon);
        OrchestrationMetadata first = await host.EndAsync(id);

        string next = await Client.RestartAsync(id, newId, Soon);
        OrchestrationMetadata second = await host.UntilAsync(next, instance => instance.IsCompleted && instance.CreatedAt > first.CreatedAt);

        Assert.Equal(newId, next != id);
        Assert.Equal((first.SerializedInput, first.SerializedOutput), (second.SerializedInput, second.SerializedOutput));
        Assert.Equal(["red", "red"], new[] { first, second }.Select(instance => instance.Tags["color"]));
        await Assert.ThrowsAsync<ArgumentException>(() => Client.RestartAsync("never", newId, Soon));
    }

    [Theory]
    [InlineData(null, null, "2.0 2.0")]
    [InlineData("1.0", null, "1.0 2.0")]
    [InlineData("1.0", "1.5", "1.0 1.5")]
    public async Task A_version_is_that_of_the_start_or_of_host_json(string? version, string? below, string expected)
    {
        StartOrchestrationOptions options = version is null ? new() : new() { Version = version };
        string id = await Client.ScheduleNewOrchestrationInstanceAsync("Versions", below, options, Soon);

        Assert.Equal(expected, (await host.EndAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task What_an_instance_is_already_it_cannot_become()
    {
        string id = await host.StartAsync("Listens");
        await host.UntilAsync(id, instance => instance.RuntimeStatus == OrchestrationRuntimeStatus.Running);
        Assert.Equal(StatusCode.FailedPrecondition, await StatusOf(() => Client.ResumeInstanceAsync(id, "", Soon)));
        await Client.SuspendInstanceAsync(id, "", Soon);
        await host.UntilAsync(id, instance => instance.RuntimeStatus == OrchestrationRuntimeStatus.Suspended);
        Assert.Equal(StatusCode.FailedPrecondition, await StatusOf(() => Client.SuspendInstanceAsync(id, "", Soon)));
        await Client.TerminateInstanceAsync(id, "", Soon);
        await host.EndAsync(id);
        Assert.Equal(StatusCode.FailedPrecondition, await StatusOf(() => Client.SuspendInstanceAsync(id, "", Soon)));
        Assert.Equal(StatusCode.FailedPrecondition, await StatusOf(() => Client.ResumeInstanceAsync(id, "", Soon)));
    }

    [Fact]
    public async Task An_instance_that_is_still_to_start_is_pending_and_not_purged()
    {
        string id = await host.StartAsync("Silence", at: DateTimeOffset.UtcNow.AddSeconds(3));
        await host.UntilAsync(id, instance => instance.RuntimeStatus == OrchestrationRuntimeStatus.Pending);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Client.PurgeInstanceAsync(id, cancellation: Soon));

        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await host.EndAsync(id)).RuntimeStatus);
    }

    [Fact]
    public async Task The_history_tells_of_a_failure_and_its_causes()
    {
        string id = (await host.RunAsync("Fails")).InstanceId;
        IList<HistoryEvent> history = await Client.GetOrchestrationHistoryAsync(id, Soon);

        DurableTask.Core.FailureDetails activity = Assert.Single(history.OfType<TaskFailedEvent>()).FailureDetails!;
        Assert.Equal(("System.InvalidOperationException", "The activity fails."), (activity.ErrorType, activity.ErrorMessage));
        DurableTask.Core.FailureDetails whole = Assert.Single(history.OfType<ExecutionCompletedEvent>()).FailureDetails!;
        Assert.Equal("Microsoft.DurableTask.TaskFailedException", whole.ErrorType);
        Assert.Equal((activity.ErrorType, activity.ErrorMessage), (whole.InnerFailure!.ErrorType, whole.InnerFailure.ErrorMessage));
    }

    [Fact]
    public async Task An_orchestration_sends_a_request_and_sees_its_answer()
    {
        var address = new Uri(host.Host.Http.BaseAddress!, "/api/setting?name=TickSchedule");
        Assert.Equal("200 * * * * * *", (await host.RunAsync("Fetches", address)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_request_and_all_that_it_sets_off_are_one_trace()
    {
        using var spans = new SpanList("DurableTask.Core", "WebJobs.Extensions.DurableTask");
        var trace = ActivityTraceId.CreateRandom();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/start?orchestration=Traces");
        request.Headers.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01");
        using HttpResponseMessage answer = await host.Host.Http.SendAsync(request);
        OrchestrationMetadata instance = await host.EndAsync(await answer.Content.ReadAsStringAsync());

        string[] seen = instance.ReadOutputAs<string[]>()!;
        Assert.Equal(4, seen.Length);
        Assert.All(seen, parent => Assert.StartsWith($"00-{trace}-", parent));
        Assert.Superset(
            new HashSet<string> { "orchestration:Traces", "activity:ReadTrace", "orchestration:TracesBelow" },
            spans.OfTrace(trace).Select(span => span.DisplayName.Split('@')[0]).ToHashSet());
    }
}
