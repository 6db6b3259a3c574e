using System.Net.Sockets;
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

    [Theory]
    [InlineData("SlowMultiply__Delay", "abc")]
    [InlineData("ResultsTable", "1x")]
    [InlineData("AzureWebJobsStorage", "garbage")]
    public Task A_wrong_setting_stops_the_start_with_one_line(string name, string value) =>
        AssertRefusedAsync(AzuriteFixture.NewAppSettings((name, value)), name);

    [Fact]
    public async Task A_second_emulator_on_the_same_data_is_refused()
    {
        Dictionary<string, string?> settings = AzuriteFixture.NewAppSettings();
        using EmulatorProcess first = await EmulatorProcess.StartAsync(_data.FullName, settings);

        await AssertRefusedAsync(settings, "Another emulator uses the data folder");
    }

    [Fact]
    public async Task A_corrupt_journal_is_refused()
    {
        await File.WriteAllBytesAsync(Path.Combine(_data.FullName, "journal.db"), [.. Enumerable.Repeat((byte)'x', 10_000)]);

        await AssertRefusedAsync(AzuriteFixture.NewAppSettings(), "journal.db cannot be used");
    }

    [Fact]
    public async Task A_file_in_place_of_the_data_folder_is_refused()
    {
        string file = Path.Combine(_data.FullName, "file");
        await File.WriteAllTextAsync(file, "");

        await AssertRefusedAsync(AzuriteFixture.NewAppSettings(), "The data folder cannot be created", file);
    }

    [Fact]
    public async Task A_port_of_Azurite_that_something_else_has_is_refused()
    {
        var other = new TcpListener(System.Net.IPAddress.Loopback, 0);
        other.Start();
        using var stop = new CancellationTokenSource();
        Task serve = ServeNonsenseAsync(other, stop.Token);

        await AssertRefusedAsync(
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

    private async Task AssertRefusedAsync(Dictionary<string, string?> settings, string expected, string? dataFolder = null)
    {
        using var emulator = new EmulatorProcess(dataFolder ?? _data.FullName, settings);

        Assert.Equal(1, await emulator.WaitForExitAsync());

        Assert.Contains(expected, Assert.Single(emulator.Errors), StringComparison.Ordinal);
    }
}
