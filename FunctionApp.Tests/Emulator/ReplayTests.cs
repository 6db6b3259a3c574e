using FunctionApp.Emulator.Durable;
using Microsoft.Data.Sqlite;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tests.Emulator;

public class ReplayTests
{
    [Fact]
    public async Task A_restart_between_any_two_events_does_not_change_the_result()
    {
        await using TestHub hub = Create().Start();
        OrchestrationMetadata whole = await hub.RunAsync("Sample", 2);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, whole.RuntimeStatus);
        List<HistoryEvent> history = ReadHistory(hub.JournalPath);
        Assert.True(history.Count > 25, $"{history.Count} events");

        // From the first event on, as it holds the time that the code sees first.
        await Parallel.ForEachAsync(Enumerable.Range(1, history.Count), async (length, _) =>
        {
            await using TestHub restarted = Create();
            using (var journal = new Journal(restarted.JournalPath))
            {
                InstanceRecord? instance = await journal.AddAsync(
                    whole.InstanceId, "Sample", "2", null, new HashSet<OrchestrationRuntimeStatus>());
                await journal.AppendAsync(
                    instance!.Key, 0, new TurnResult(history[..length], OrchestrationRuntimeStatus.Running, null, null));
            }

            restarted.Start();
            OrchestrationMetadata again = await restarted.WaitAsync(whole.InstanceId);

            Assert.Equal(whole.SerializedOutput, again.SerializedOutput);
        });
    }

    [Fact]
    public async Task Code_that_diverges_from_its_history_fails_with_a_clear_reason()
    {
        await using TestHub hub = Create();
        hub.Orchestration("Changed", async context =>
        {
            await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
            return null;
        });
        hub.Start();
        string id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Changed");
        await hub.Client.WaitForInstanceStartAsync(id, false, TestContext.Current.CancellationToken);
        hub.Orchestration("Changed", async context => await context.CallActivityAsync<int>("Square", 1));

        await hub.RestartAsync();
        OrchestrationMetadata instance = await hub.WaitAsync(id);

        Assert.Equal(OrchestrationRuntimeStatus.Failed, instance.RuntimeStatus);
        Assert.Contains("request #0 was a timer", instance.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("the activity 'Square'", instance.FailureDetails.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Awaiting_anything_but_a_durable_task_fails_the_instance()
    {
        await using TestHub hub = new TestHub()
            .Orchestration("Illegal", async _ =>
            {
                await Task.Delay(TimeSpan.FromSeconds(1));
                return null;
            })
            .Start();

        OrchestrationMetadata instance = await hub.RunAsync("Illegal");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, instance.RuntimeStatus);
        Assert.Contains("other than a durable task", instance.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    private static TestHub Create() => new TestHub()
        .Activity<int>("Square", (n, _) => Task.FromResult<object?>(n * n))
        .Orchestration("Sample", SampleOrchestration.RunAsync);

    private static List<HistoryEvent> ReadHistory(string path)
    {
        using var statements = new SqliteStatements(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        return statements.Query("SELECT event FROM history ORDER BY sequence", [], row => HistoryEvent.FromJson(row.GetString(0)));
    }
}
