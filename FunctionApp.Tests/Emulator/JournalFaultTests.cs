using FunctionApp.Emulator.Durable;
using FunctionApp.Tests.Api;
using Microsoft.Data.Sqlite;

namespace FunctionApp.Tests.Emulator;

/// <summary>A journal that cannot be used is refused at start, on one line; one that fails later loses nothing.</summary>
public sealed class JournalFaultTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("journal-");
    private readonly Dictionary<string, string?> _settings = AzuriteFixture.NewAppSettings();

    private string JournalFile => Path.Combine(_data.FullName, "journal.db");

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(100)]
    [InlineData(4_096)]
    [InlineData(10_000)]
    [InlineData(-4_096)]
    [InlineData(-1)]
    public async Task A_truncated_journal_is_refused_and_left_as_it_is(int length)
    {
        await RunOneTaskAsync();
        byte[] whole = await File.ReadAllBytesAsync(JournalFile);
        byte[] rest = whole[..(length < 0 ? whole.Length + length : length)];
        await File.WriteAllBytesAsync(JournalFile, rest);

        await EmulatorProcess.AssertRefusedAsync(_data.FullName, _settings, "is damaged");

        Assert.Equal(rest, await File.ReadAllBytesAsync(JournalFile));
    }

    [Fact]
    public async Task A_corrupt_journal_is_refused_wherever_the_damage_is()
    {
        await RunOneTaskAsync();
        byte[] whole = await File.ReadAllBytesAsync(JournalFile);
        const int page = 4_096;
        for (int start = 0; start < whole.Length; start += page)
        {
            byte[] damaged = [.. whole];
            damaged.AsSpan(start, page).Fill((byte)'x');
            await File.WriteAllBytesAsync(JournalFile, damaged);

            await EmulatorProcess.AssertRefusedAsync(_data.FullName, _settings, "is damaged");
        }
    }

    [Fact]
    public async Task A_journal_of_another_version_is_refused()
    {
        await RunOneTaskAsync();
        await using (var journal = new SqliteConnection($"Data Source={JournalFile};Pooling=false"))
        {
            await journal.OpenAsync();
            await using SqliteCommand command = journal.CreateCommand();
            command.CommandText = "PRAGMA user_version = 99";
            await command.ExecuteNonQueryAsync();
        }

        await EmulatorProcess.AssertRefusedAsync(_data.FullName, _settings, "its version is 99");
    }

    [Fact]
    public async Task A_second_emulator_on_the_same_data_is_refused()
    {
        using EmulatorProcess first = await EmulatorProcess.StartAsync(_data.FullName, _settings);

        await EmulatorProcess.AssertRefusedAsync(_data.FullName, _settings, "Another emulator uses the data folder");
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_made_or_written_is_refused()
    {
        string file = Path.Combine(_data.FullName, "file");
        await File.WriteAllTextAsync(file, "");
        await EmulatorProcess.AssertRefusedAsync(file, _settings, "The data folder cannot be created");

        // Nobody, root neither, can make a file here.
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs /sys.");
        await EmulatorProcess.AssertRefusedAsync("/sys", _settings, "The data folder /sys cannot be written");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_full_disk_is_refused_at_start(bool withJournal)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs prlimit.");
        if (withJournal)
        {
            await RunOneTaskAsync();
        }

        await EmulatorProcess.AssertRefusedAsync(_data.FullName, _settings, "cannot be written", maxFileSize: 1_000);

        Assert.Equal(withJournal, File.Exists(JournalFile));
    }

    [Fact]
    public async Task While_the_disk_is_full_POST_is_503_and_what_was_accepted_before_finishes_afterwards()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs prlimit.");
        _settings["SlowMultiply__Delay"] = "00:00:01";
        using var emulator = new EmulatorProcess(_data.FullName, _settings, maxFileSize: 1_000_000_000);
        await emulator.WaitUntilStartedAsync();
        string[] before = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => emulator.Http.SubmitAsync("6", "7")));

        await emulator.SetMaxFileSizeAsync(new FileInfo($"{JournalFile}-wal").Length);
        for (int i = 0; i < 100; i++)
        {
            using HttpResponseMessage refused = await emulator.Http.PostAsync("""{"x": 1, "y": 1}""");
            await ContractTests.AssertUnavailableAsync(refused);
        }

        // The activities end now, and their turns cannot be journaled.
        await Task.Delay(TimeSpan.FromSeconds(2));
        Assert.Single(emulator.Output, line => line.Contains("Writing the journal failed", StringComparison.Ordinal));

        await emulator.SetMaxFileSizeAsync(null);
        foreach (string task in before)
        {
            Assert.Equal("42", await emulator.Http.WaitForResultAsync(task));
        }

        await emulator.Http.WaitForResultAsync(await emulator.Http.SubmitAsync("6", "7"));
        Assert.Equal(0, await emulator.SignalAsync("TERM"));
        using var journal = new Journal(JournalFile);
        Assert.Empty(journal.LoadUnfinished());
    }

    public void Dispose() => _data.Delete(recursive: true);

    private async Task RunOneTaskAsync()
    {
        using EmulatorProcess emulator = await EmulatorProcess.StartAsync(_data.FullName, _settings);
        await emulator.Http.WaitForResultAsync(await emulator.Http.SubmitAsync("6", "7"));
        Assert.Equal(0, await emulator.SignalAsync("TERM"));
    }
}
