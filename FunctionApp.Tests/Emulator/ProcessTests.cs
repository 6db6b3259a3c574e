using System.Net.Sockets;
using Azure.Data.Tables;
using FunctionApp.Emulator.Durable;
using FunctionApp.Emulator.Host;
using FunctionApp.Tests.Api;

namespace FunctionApp.Tests.Emulator;

public sealed class ProcessTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("process-");

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task It_lists_its_functions_without_colours_and_a_signal_ends_it_with_0(string signal)
    {
        using EmulatorProcess emulator = await EmulatorProcess.StartAsync(_data.FullName, AzuriteFixture.NewAppSettings());

        Assert.Contains(emulator.Output, line => line.Contains("SubmitMultiplication: [POST] http://127.0.0.1:", StringComparison.Ordinal));
        Assert.Contains(emulator.Output, line => line.Contains("MultiplyOrchestration: orchestrationTrigger", StringComparison.Ordinal));
        Assert.DoesNotContain(emulator.Output, line => line.Contains('\e', StringComparison.Ordinal));
        Assert.Equal(0, await emulator.SignalAsync(signal));
    }

    [Fact]
    public async Task After_kill_9_with_its_own_Azurite_the_next_start_finishes_the_task()
    {
        Dictionary<string, string?> settings = AzuriteFixture.NewAppSettings(
            ("AzureWebJobsStorage", LocalPort.AzuriteConnectionString(LocalPort.FindFree())), ("SlowMultiply__Delay", "00:00:01"));
        string finished;
        string running;
        using (EmulatorProcess first = await EmulatorProcess.StartAsync(_data.FullName, settings))
        {
            finished = await first.Http.SubmitAsync("6", "7");
            await first.Http.WaitForResultAsync(finished);
            running = await first.Http.SubmitAsync("2.3", "2.0");
            first.Kill();
        }

        using EmulatorProcess second = await EmulatorProcess.StartAsync(_data.FullName, settings);

        Assert.Equal("4.6", await second.Http.WaitForResultAsync(running));
        Assert.Equal("42", await second.Http.WaitForResultAsync(finished));
        Assert.Equal(0, await second.SignalAsync("TERM"));
    }

    [Fact]
    public async Task SIGTERM_takes_no_more_requests_and_lets_running_activities_end()
    {
        Dictionary<string, string?> settings = AzuriteFixture.NewAppSettings(("SlowMultiply__Delay", "00:00:02"));
        using EmulatorProcess emulator = await EmulatorProcess.StartAsync(_data.FullName, settings);
        string task = await emulator.Http.SubmitAsync("6", "7");
        await emulator.Http.WaitForStatusAsync(task, "Running");

        Task<int> exit = emulator.SignalAsync("TERM");
        await Task.Delay(500);
        await Assert.ThrowsAsync<HttpRequestException>(() => emulator.Http.PostAsync("""{"x": 1, "y": 1}"""));

        Assert.Equal(0, await exit);
        var results = new TableClient(settings["AzureWebJobsStorage"], settings["ResultsTable"]);
        Assert.Equal("42", (await results.GetEntityAsync<TableEntity>(task, task)).Value["Result"]);
        using var journal = new Journal(Path.Combine(_data.FullName, "journal.db"));
        Assert.Empty(journal.LoadUnfinished());
    }

    [Fact]
    public async Task An_activity_that_outlasts_the_grace_period_is_left_to_the_next_start()
    {
        Dictionary<string, string?> settings = AzuriteFixture.NewAppSettings(("SlowMultiply__Delay", "01:00:00"), ("SlowMultiply__Timeout", "02:00:00"));
        string task;
        using (EmulatorProcess first = await EmulatorProcess.StartAsync(_data.FullName, settings))
        {
            task = await first.Http.SubmitAsync("6", "7");
            await first.Http.WaitForStatusAsync(task, "Running");
            Assert.Equal(0, await first.SignalAsync("TERM"));
        }

        settings["SlowMultiply__Delay"] = "00:00:00";
        using EmulatorProcess second = await EmulatorProcess.StartAsync(_data.FullName, settings);

        Assert.Equal("42", await second.Http.WaitForResultAsync(task));
    }

    [Theory]
    [InlineData("SlowMultiply__Delay", "abc")]
    [InlineData("ResultsTable", "1x")]
    [InlineData("AzureWebJobsStorage", "garbage")]
    public Task A_wrong_setting_stops_the_start_with_one_line(string name, string value) =>
        EmulatorProcess.AssertRefusedAsync(_data.FullName, AzuriteFixture.NewAppSettings((name, value)), name);

    [Fact]
    public async Task A_port_that_is_taken_is_refused_and_so_is_an_address_that_is_none()
    {
        using var other = new TcpListener(System.Net.IPAddress.Loopback, 0);
        other.Start();

        await EmulatorProcess.AssertRefusedAsync(
            _data.FullName, AzuriteFixture.NewAppSettings(), "address already in use", urls: $"http://{other.LocalEndpoint}");
        await EmulatorProcess.AssertRefusedAsync(_data.FullName, AzuriteFixture.NewAppSettings(), "Invalid url", urls: "nonsense");
    }

    [Fact]
    public async Task A_port_of_Azurite_that_something_else_has_is_refused()
    {
        var other = new TcpListener(System.Net.IPAddress.Loopback, 0);
        other.Start();
        using var stop = new CancellationTokenSource();
        Task serve = ServeNonsenseAsync(other, stop.Token);

        await EmulatorProcess.AssertRefusedAsync(
            _data.FullName,
            AzuriteFixture.NewAppSettings(
                ("AzureWebJobsStorage", LocalPort.AzuriteConnectionString(((System.Net.IPEndPoint)other.LocalEndpoint).Port))),
            "is taken by a program that is not Azurite");
        await stop.CancelAsync();
        await serve;
        other.Dispose();
    }

    public void Dispose() => _data.Delete(recursive: true);

    private static async Task ServeNonsenseAsync(TcpListener listener, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                using TcpClient client = await listener.AcceptTcpClientAsync(stop);
                await client.GetStream().WriteAsync("nonsense\r\n"u8.ToArray(), stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
