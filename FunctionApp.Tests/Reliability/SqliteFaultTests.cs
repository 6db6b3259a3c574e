using System.Net;
using DurableLocalHost.Sqlite;

namespace FunctionApp.Tests.Reliability;

/// <summary>A file that cannot be used is refused at start, on one line, and left as it is; one that fails later loses nothing.</summary>
[Long]
public sealed class SqliteFaultTests : LocalHostTest
{
    private const int Page = 4_096;

    private string DatabaseFile => Path.Combine(Data.FullName, "durable.db");

    [Fact]
    public async Task A_damaged_file_is_refused_wherever_the_damage_is()
    {
        await RunOneTaskAsync();
        byte[] whole = await File.ReadAllBytesAsync(DatabaseFile);

        foreach (int length in new[] { 10, 100, Page, 10_000, whole.Length - Page })
        {
            await AssertRefusedAsync($"cut off at {length}", whole[..length]);
        }

        for (int start = 0; start < whole.Length; start += Page)
        {
            byte[] damaged = [.. whole];
            damaged.AsSpan(start, Page).Fill((byte)'x');
            await AssertRefusedAsync($"page {start / Page} of {whole.Length / Page}", damaged);
        }

        await AssertRefusedAsync(Launch(), $"{DatabaseFile} is damaged");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_full_disk_is_refused_at_start(bool withFile)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs prlimit.");
        if (withFile)
        {
            await RunOneTaskAsync();
        }

        await AssertRefusedAsync(Launch(maxFileSize: 1_000), $"{DatabaseFile} cannot be used");
    }

    [Fact]
    public async Task What_is_accepted_before_and_while_the_disk_is_full_finishes_afterwards()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs prlimit.");
        Settings["SlowMultiply__Delay"] = "00:00:01";
        await using LocalHostProcess host = await StartAsync(maxFileSize: 1_000_000_000);
        string[] before = await host.Http.SubmitManyAsync(20);

        await host.SetMaxFileSizeAsync(new FileInfo($"{DatabaseFile}-wal").Length);

        // Their rows are in the table, so they will run, although their orchestrations cannot be started now.
        string[] meanwhile = await host.Http.SubmitManyAsync(20);

        // The activities end now, and their turns cannot be kept.
        await Task.Delay(TimeSpan.FromSeconds(2));
        using HttpResponseMessage read = await host.Http.GetAsync($"/tasks/{before[0]}");
        Assert.Equal(HttpStatusCode.OK, read.StatusCode);

        await host.SetMaxFileSizeAsync(null);
        await host.Http.AssertResultsAsync("4.6", [.. before, .. meanwhile]);
        await host.Http.AssertResultsAsync("4.6", await host.Http.SubmitManyAsync(1));
        Assert.Equal(0, await host.SignalAsync("TERM"));
    }

    private async Task AssertRefusedAsync(string damage, byte[] content)
    {
        await File.WriteAllBytesAsync(DatabaseFile, content);
        Exception? e = Record.Exception(() => new SqliteFile(DatabaseFile).Dispose());

        bool isRefused = e is SqliteFileException && e.Message.StartsWith($"{DatabaseFile} is damaged");
        Assert.True(isRefused, $"{damage}: {e?.Message}");
        Assert.DoesNotContain('\n', e!.Message);
        Assert.Equal(content, await File.ReadAllBytesAsync(DatabaseFile));
    }

    private async Task RunOneTaskAsync()
    {
        await using LocalHostProcess host = await StartAsync();
        await host.Http.WaitForResultAsync(await host.Http.SubmitAsync());
        Assert.Equal(0, await host.SignalAsync("TERM"));
    }
}
