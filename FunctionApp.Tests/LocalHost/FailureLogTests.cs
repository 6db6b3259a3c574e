using System.Net;

namespace FunctionApp.Tests.LocalHost;

/// <summary>How a request's function failed is in the host's log, with its name, as the Functions host has it: the worker may not have logged it.</summary>
public sealed class FailureLogTests : SampleTest
{
    [Fact]
    public async Task A_function_that_fails_or_loses_its_worker_is_logged_with_what_it_failed_with()
    {
        await using LocalHostProcess host = await StartSampleAsync();

        Assert.Equal(HttpStatusCode.InternalServerError, (await host.Http.GetAsync("/api/throw")).StatusCode);
        await AssertLoggedAsync(host, "fail: Function.Throw[0]", "Executed 'Functions.Throw' (Failed, Id=", "/api/throw fails on purpose");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await host.Http.GetAsync("/api/exit?code=3")).StatusCode);
        await AssertLoggedAsync(host, "fail: Function.Exit[0]", "Executed 'Functions.Exit' (Failed, Id=", "WorkerProcessExitException");
    }

    [Fact]
    public async Task One_that_nobody_waits_for_any_more_has_failed_without_an_alarm()
    {
        await using LocalHostProcess host = await StartSampleAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            using var hangUp = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await host.Http.GetAsync("/api/waitforever", hangUp.Token);
        });

        await AssertLoggedAsync(host, "info: Function.WaitForEver[0]", "Executed 'Functions.WaitForEver' (Failed, Id=");
    }

    // Each in a line of its own, one after the other; the console is a little behind.
    private static Task AssertLoggedAsync(LocalHostProcess host, params string[] expected) => Eventually.AreEqual(expected.Length, () =>
    {
        int found = 0;
        foreach (string line in host.Output)
        {
            found += found < expected.Length && line.Contains(expected[found]) ? 1 : 0;
        }

        return Task.FromResult(found);
    });
}
