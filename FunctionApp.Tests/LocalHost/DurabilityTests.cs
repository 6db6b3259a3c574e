using DurableTask.Core.History;
using Grpc.Core;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;

namespace FunctionApp.Tests.LocalHost;

/// <summary>What a durable client sees. Each storage provider has to pass all of it, and so they look alike.</summary>
public abstract partial class DurabilityTests(DurableHost host)
{
    private DurableTaskClient Client => host.Client;

    private static CancellationToken Soon => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_completed_instance_has_its_output_input_and_custom_status()
    {
        DateTimeOffset start = DateTimeOffset.UtcNow.AddMilliseconds(-1);
        string id = await host.StartAsync("Echoes", "2026-01-01T00:00:00Z");
        OrchestrationMetadata instance = await Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Soon);

        Assert.Equal(OrchestrationRuntimeStatus.Completed, instance.RuntimeStatus);
        Assert.Equal("Echoes", instance.Name);
        Assert.Equal("\"2026-01-01T00:00:00Z 2026-01-01T00:00:00Z\"", instance.SerializedOutput);
        Assert.Equal("\"2026-01-01T00:00:00Z\"", instance.SerializedInput);
        Assert.Equal("""{"Length":20}""", instance.SerializedCustomStatus);
        Assert.InRange(instance.CreatedAt, start, instance.LastUpdatedAt);
        Assert.InRange(instance.LastUpdatedAt, instance.CreatedAt, DateTimeOffset.UtcNow);
        Assert.Null(instance.FailureDetails);
    }

    [Fact]
    public async Task Without_output_and_custom_status_there_is_none()
    {
        OrchestrationMetadata instance = await host.RunAsync("Silence");
        Assert.Equal((OrchestrationRuntimeStatus.Completed, null, "null"), Seen(instance));
        Assert.Null(instance.SerializedInput);
    }

    [Fact]
    public async Task Without_being_asked_for_inputs_and_outputs_it_does_not_show_them()
    {
        string id = (await host.RunAsync("Echoes", "a")).InstanceId;
        OrchestrationMetadata instance = (await Client.GetInstanceAsync(id, getInputsAndOutputs: false, Soon))!;
        Assert.Equal((OrchestrationRuntimeStatus.Completed, null, null), Seen(instance));
        Assert.Null(instance.SerializedInput);
    }

    [Fact]
    public async Task A_large_value_arrives_whole()
    {
        string text = string.Concat(Enumerable.Range(0, 60_000).Select(number => $"{number:x5}"));
        OrchestrationMetadata instance = await host.RunAsync("Echoes", text);
        Assert.Equal($"\"{text} {text}\"", instance.SerializedOutput);
    }

    [Long]
    [Fact]
    public async Task Inputs_outputs_and_a_history_beyond_what_gRPC_takes_of_itself_arrive()
    {
        string text = new('x', 5 << 20);
        string id = await host.StartAsync("Echoes", text);
        OrchestrationMetadata instance = await Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Soon);

        Assert.Equal(text.Length + 2, instance.SerializedInput!.Length);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, instance.RuntimeStatus);
        Assert.Equal((2 * text.Length) + 3, instance.SerializedOutput!.Length);
        // By the client that a function has, which takes what host.json allows.
        Assert.Equal($"{instance.SerializedOutput.Length}", await host.Host.Http.GetStringAsync($"/api/measure?id={instance.InstanceId}"));
        Assert.Equal(text.Length + 2, (await Client.GetOrchestrationHistoryAsync(instance.InstanceId, Soon)).OfType<TaskCompletedEvent>().First().Result!.Length);
    }

    [Fact]
    public async Task An_activity_is_retried() => Assert.Equal("3", (await host.RunAsync("Retries")).SerializedOutput);

    [Theory]
    [InlineData(
        "Fails", "Microsoft.DurableTask.TaskFailedException: Task 'Fail' (#0) failed with an unhandled exception: The activity fails.")]
    [InlineData("Throws", "System.InvalidOperationException: The orchestration fails.")]
    public async Task A_failure_is_told_in_the_output(string orchestration, string output)
    {
        OrchestrationMetadata instance = await host.RunAsync(orchestration);
        Assert.Equal((OrchestrationRuntimeStatus.Failed, output, "null"), Seen(instance));
        Assert.Null(instance.FailureDetails);
    }

    [Fact]
    public async Task An_orchestration_sees_the_failure_of_an_activity() => Assert.Equal(
        "Fail: System.InvalidOperationException: The activity fails.", (await host.RunAsync("Catches")).ReadOutputAs<string>());

    // With Azure Storage up to a second early.
    [Fact]
    public async Task A_timer_fires() => Assert.InRange((await host.RunAsync("Sleeps")).ReadOutputAs<double>(), -1, 1);

    [Fact]
    public async Task Events_arrive_even_before_they_are_waited_for()
    {
        string id = await host.StartAsync("Listens");
        OrchestrationMetadata listening = await host.UntilAsync(id, instance => instance.SerializedCustomStatus == "\"listening\"");
        Assert.Equal((OrchestrationRuntimeStatus.Running, null, "\"listening\""), Seen(listening));
        await Client.RaiseEventAsync(id, "second", "two", Soon);
        await Client.RaiseEventAsync(id, "noise", "x", Soon);
        await Client.RaiseEventAsync(id, "first", "one", Soon);
        Assert.Equal("one two", (await host.EndAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_event_for_an_instance_that_has_ended_or_never_was_is_refused()
    {
        string ended = (await host.RunAsync("Silence")).InstanceId;
        Assert.Equal(StatusCode.FailedPrecondition, await StatusOf(() => Client.RaiseEventAsync(ended, "first", "x", Soon)));
        Assert.Equal(StatusCode.NotFound, await StatusOf(() => Client.RaiseEventAsync("never", "first", "x", Soon)));
    }

    [Fact]
    public async Task Fan_out() => Assert.Equal("338350", (await host.RunAsync("Adds", 100)).SerializedOutput);

    [Fact]
    public async Task Sub_orchestrations_complete_and_fail()
    {
        OrchestrationMetadata instance = await host.RunAsync("Delegates");
        Assert.Equal("1 5 14 The orchestration fails.", instance.ReadOutputAs<string>());
        OrchestrationMetadata? child = await Client.GetInstanceAsync($"{instance.InstanceId}-3", getInputsAndOutputs: true, Soon);
        Assert.Equal((OrchestrationRuntimeStatus.Completed, "14", "null"), Seen(child!));
        Assert.Equal("3", child!.SerializedInput);
    }

    [Fact]
    public async Task Continue_as_new_keeps_the_events_that_came_meanwhile()
    {
        string id = await host.StartAsync("CountsDown", 5);
        await Client.RaiseEventAsync(id, "first", "one", Soon);
        await Client.RaiseEventAsync(id, "second", "two", Soon);
        OrchestrationMetadata instance = await host.EndAsync(id);
        Assert.Equal((OrchestrationRuntimeStatus.Completed, "\"one two\"", "null"), Seen(instance));
        Assert.Equal("0", instance.SerializedInput);
    }

    [Fact]
    public async Task A_running_instance_can_be_terminated_and_then_no_more()
    {
        string id = await host.StartAsync("Listens");
        await host.UntilAsync(id, instance => instance.RuntimeStatus == OrchestrationRuntimeStatus.Running);
        await Client.TerminateInstanceAsync(id, "Enough", Soon);
        OrchestrationMetadata instance = await host.EndAsync(id);
        Assert.Equal((OrchestrationRuntimeStatus.Terminated, "\"Enough\"", "\"listening\""), Seen(instance));
        Assert.Null(instance.FailureDetails);
        Assert.Equal(StatusCode.FailedPrecondition, await StatusOf(() => Client.TerminateInstanceAsync(id, "Again", Soon)));
        Assert.Equal(StatusCode.NotFound, await StatusOf(() => Client.TerminateInstanceAsync("never", "x", Soon)));
    }

    [Fact]
    public async Task A_suspended_instance_goes_on_when_it_is_resumed()
    {
        string id = await host.StartAsync("Listens");
        await host.UntilAsync(id, instance => instance.RuntimeStatus == OrchestrationRuntimeStatus.Running);
        await Client.SuspendInstanceAsync(id, "Wait", Soon);
        OrchestrationMetadata suspended = await host.UntilAsync(
            id, instance => instance.RuntimeStatus == OrchestrationRuntimeStatus.Suspended);
        await Client.RaiseEventAsync(id, "first", "one", Soon);
        await Client.RaiseEventAsync(id, "second", "two", Soon);
        await Client.ResumeInstanceAsync(id, "Go", Soon);
        Assert.Equal("Wait", suspended.SerializedOutput);
        Assert.Equal("one two", (await host.EndAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_rewound_instance_runs_again_what_failed_and_nothing_else()
    {
        string id = await host.StartAsync("Recovers");
        for (int failure = 1; failure <= 2; failure++)
        {
            Assert.Equal(OrchestrationRuntimeStatus.Failed, (await host.EndAsync(id)).RuntimeStatus);
            await Client.RewindInstanceAsync(id, "Again", Soon);
        }

        Assert.Equal("1 3", (await host.EndAsync(id)).ReadOutputAs<string>());
        await Assert.ThrowsAsync<InvalidOperationException>(() => Client.RewindInstanceAsync(id, "Again", Soon));
        await Assert.ThrowsAsync<ArgumentException>(() => Client.RewindInstanceAsync("never", "x", Soon));
    }

    [Fact]
    public async Task An_ID_is_taken_while_its_status_is_among_those_to_dedupe()
    {
        string id = await host.StartAsync("Listens", id: "taken");
        await host.UntilAsync(id, instance => instance.RuntimeStatus == OrchestrationRuntimeStatus.Running);
        Task AgainAsync(params OrchestrationRuntimeStatus[] statuses) => Client.ScheduleNewOrchestrationInstanceAsync(
            "Echoes", "again", new StartOrchestrationOptions(id).WithDedupeStatuses(statuses), Soon);

        await Assert.ThrowsAnyAsync<Exception>(() => AgainAsync(Enum.GetValues<OrchestrationRuntimeStatus>()));
        await Client.TerminateInstanceAsync(id, "Enough", Soon);
        await host.EndAsync(id);
        await Assert.ThrowsAnyAsync<Exception>(() => AgainAsync(Enum.GetValues<OrchestrationRuntimeStatus>()));
        await AgainAsync(
            OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Suspended,
            OrchestrationRuntimeStatus.Completed);
        OrchestrationMetadata instance = await host.UntilAsync(id, instance => instance.Name == "Echoes" && instance.IsCompleted);
        Assert.Equal("again again", instance.ReadOutputAs<string>());
    }

    [Fact]
    public async Task Of_many_starts_with_one_ID_one_passes()
    {
        Task<string>[] starts = [.. Enumerable.Range(0, 10).Select(number => Client.ScheduleNewOrchestrationInstanceAsync(
            "Echoes", "a", new StartOrchestrationOptions("one").WithDedupeStatuses(Enum.GetValues<OrchestrationRuntimeStatus>()), Soon))];
        await Task.WhenAll(starts).ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.Equal("a a", (await host.EndAsync("one")).ReadOutputAs<string>());
        Assert.Contains(starts, start => start.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task An_instance_that_never_was_is_null() => Assert.Null(await Client.GetInstanceAsync("never", Soon));

    [Fact]
    public async Task Pages_hold_every_instance_that_matches_once_in_the_order_of_their_IDs()
    {
        DateTimeOffset from = DateTimeOffset.UtcNow;
        string[] completed = [.. Enumerable.Range(0, 7).Select(number => $"page-{number}")];
        await Task.WhenAll(completed.Select(id => host.StartAsync("Echoes", "a", id)));
        await host.StartAsync("Throws", id: "page-f");
        await Task.WhenAll(completed.Append("page-f").Select(host.EndAsync));
        var query = new OrchestrationQuery { InstanceIdPrefix = "page-", CreatedFrom = from, FetchInputsAndOutputs = true, PageSize = 3 };

        string allCompleted = string.Join(' ', completed);
        Assert.Equal($"{allCompleted} page-f", await IdsAsync(query));
        Assert.Equal(allCompleted, await IdsAsync(query with { Statuses = [OrchestrationRuntimeStatus.Completed] }));
        Assert.Equal(
            "page-f", await IdsAsync(query with { Statuses = [OrchestrationRuntimeStatus.Failed, OrchestrationRuntimeStatus.Running] }));
        Assert.Equal("", await IdsAsync(query with { CreatedFrom = DateTimeOffset.UtcNow }));
        Assert.Equal("", await IdsAsync(query with { CreatedTo = from }));
        Assert.Equal("", await IdsAsync(query with { InstanceIdPrefix = "page-x" }));

        OrchestrationMetadata shown = (await ListAsync(query))[0];
        OrchestrationMetadata hidden = (await ListAsync(query with { FetchInputsAndOutputs = false }))[0];
        Assert.Equal(("\"a\"", "\"a a\""), (shown.SerializedInput, shown.SerializedOutput));
        Assert.Equal((null, "\"a a\""), (hidden.SerializedInput, hidden.SerializedOutput));
    }

    [Fact]
    public async Task Purging_takes_ended_instances_alone()
    {
        string running = await host.StartAsync("Listens");
        string ended = (await host.RunAsync("Silence")).InstanceId;
        await host.UntilAsync(running, instance => instance.RuntimeStatus == OrchestrationRuntimeStatus.Running);

        Assert.Equal(1, (await Client.PurgeInstanceAsync(ended, cancellation: Soon)).PurgedInstanceCount);
        Assert.Equal(0, (await Client.PurgeInstanceAsync(ended, cancellation: Soon)).PurgedInstanceCount);
        Assert.Null(await Client.GetInstanceAsync(ended, Soon));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Client.PurgeInstanceAsync(running, cancellation: Soon));
    }

    [Fact]
    public async Task Purging_by_filter_takes_what_matches_alone()
    {
        string before = (await host.RunAsync("Silence")).InstanceId;
        DateTimeOffset from = DateTimeOffset.UtcNow;
        string completed = (await host.RunAsync("Silence")).InstanceId;
        string failed = (await host.RunAsync("Throws")).InstanceId;

        PurgeResult result = await Client.PurgeAllInstancesAsync(
            new PurgeInstancesFilter(from, null, [OrchestrationRuntimeStatus.Completed]), Soon);
        Assert.Equal(1, result.PurgedInstanceCount);
        Assert.Null(await Client.GetInstanceAsync(completed, Soon));
        Assert.NotNull(await Client.GetInstanceAsync(before, Soon));
        Assert.NotNull(await Client.GetInstanceAsync(failed, Soon));
    }

    [Fact]
    public async Task The_history_has_every_event()
    {
        string id = (await host.RunAsync("Echoes", "a")).InstanceId;
        IList<HistoryEvent> history = await Client.GetOrchestrationHistoryAsync(id, Soon);
        Assert.Equal(
            [
                EventType.OrchestratorStarted, EventType.ExecutionStarted, EventType.TaskScheduled, EventType.OrchestratorCompleted,
                EventType.OrchestratorStarted, EventType.TaskCompleted, EventType.TaskScheduled, EventType.OrchestratorCompleted,
                EventType.OrchestratorStarted, EventType.TaskCompleted, EventType.ExecutionCompleted, EventType.OrchestratorCompleted,
            ],
            history.Select(historyEvent => historyEvent.EventType));
        Assert.Equal([0, 1], history.OfType<TaskScheduledEvent>().Select(scheduled => scheduled.EventId));
        Assert.Equal(["\"a\"", "\"a\""], history.OfType<TaskCompletedEvent>().Select(completed => completed.Result));
    }

    [Fact]
    public async Task Work_goes_on_after_a_restart()
    {
        string id = await host.StartAsync("DoesItAll");
        await host.UntilAsync(id, instance => instance.SerializedCustomStatus == "\"event\"");
        await host.Host.RestartAsync();
        await Client.RaiseEventAsync(id, "word", "b", Soon);
        Assert.Equal("a b 385 2470", (await host.EndAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_entity_is_called_locked_and_signaled_and_its_failure_is_seen()
    {
        string key = Guid.NewGuid().ToString("N");
        Assert.Equal("3 6 The entity fails.", (await host.RunAsync("Counts", key)).ReadOutputAs<string>());

        var counter = new EntityInstanceId("Counter", key);
        await Client.Entities.SignalEntityAsync(counter, "Add", 10, new SignalEntityOptions { SignalTime = DateTimeOffset.UtcNow.AddSeconds(1) });
        await Client.Entities.SignalEntityAsync(counter, "Add", 100);
        await Eventually.AreEqual(116, () => SumAsync(counter));
    }

    [Fact]
    public async Task An_entity_outlives_a_restart_is_listed_and_can_be_deleted()
    {
        string prefix = Guid.NewGuid().ToString("N");
        EntityInstanceId[] counters = [new("Counter", prefix + "a"), new("Counter", prefix + "b")];
        foreach (EntityInstanceId counter in counters)
        {
            await Client.Entities.SignalEntityAsync(counter, "Add", 5);
            await Eventually.AreEqual(5, () => SumAsync(counter));
        }

        await host.Host.RestartAsync();
        Assert.Equal(["a", "b"], await KeysAsync());
        await Client.Entities.SignalEntityAsync(counters[0], "Delete");
        await Eventually.AreEqual("b", async () => string.Join(',', await KeysAsync()));
        Assert.Null(await Client.Entities.GetEntityAsync(counters[0]));
        await Client.Entities.SignalEntityAsync(counters[1], "Add", 1);
        await Eventually.AreEqual(6, () => SumAsync(counters[1]));

        async Task<string[]> KeysAsync()
        {
            List<string> keys = [];
            await foreach (EntityMetadata entity in Client.Entities.GetAllEntitiesAsync(new EntityQuery { InstanceIdStartsWith = $"@counter@{prefix}" }))
            {
                keys.Add(entity.Id.Key[prefix.Length..]);
            }

            return [.. keys.Order()];
        }
    }

    private async Task<int> SumAsync(EntityInstanceId counter) =>
        await Client.Entities.GetEntityAsync<int>(counter) is { } entity ? entity.State : 0;

    private async Task<string> IdsAsync(OrchestrationQuery query) =>
        string.Join(' ', (await ListAsync(query)).Select(instance => instance.InstanceId));

    private async Task<List<OrchestrationMetadata>> ListAsync(OrchestrationQuery query)
    {
        var instances = new List<OrchestrationMetadata>();
        await foreach (Page<OrchestrationMetadata> page in Client.GetAllInstancesAsync(query).AsPages())
        {
            Assert.InRange(page.Values.Count, 0, query.PageSize);
            instances.AddRange(page.Values);
        }

        return instances;
    }

    private static (OrchestrationRuntimeStatus Status, string? Output, string? CustomStatus) Seen(OrchestrationMetadata instance) =>
        (instance.RuntimeStatus, instance.SerializedOutput, instance.SerializedCustomStatus);

    private static async Task<StatusCode> StatusOf(Func<Task> call) => (await Assert.ThrowsAsync<RpcException>(call)).StatusCode;
}

[Collection<AzureStorageHostCollection>]
public sealed class AzureStorageDurabilityTests(AzureStorageHost host) : DurabilityTests(host);
