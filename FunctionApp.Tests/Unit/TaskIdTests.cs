using CsCheck;
using FunctionApp.Tasks;

namespace FunctionApp.Tests.Unit;

public class TaskIdTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 30, TimeSpan.Zero);

    [Fact]
    public void An_ID_is_read_back_from_its_text_and_from_its_row_key()
    {
        var id = TaskId.Create(Now);

        Assert.Equal(id, TaskId.Parse(id.ToString().ToUpperInvariant()));
        Assert.Equal(id, TaskId.FromRowKey(id.RowKey));
        Assert.Equal(Now, id.CreatedAt);
    }

    [Fact]
    public void Keys_sort_the_newest_first() => Gen.Select(Gen.Int[0, 1_000_000_000], Gen.Int[1, 1_000_000_000]).Sample((start, gap) =>
    {
        var older = TaskId.Create(Now.AddMilliseconds(start));
        var newer = TaskId.Create(Now.AddMilliseconds((long)start + gap));
        int partitions = string.CompareOrdinal(newer.PartitionKey, older.PartitionKey);
        return string.CompareOrdinal(newer.RowKey, older.RowKey) < 0 && (gap < 60_000 ? partitions <= 0 : partitions < 0);
    });

    [Fact]
    public void Tasks_of_one_minute_share_a_partition()
    {
        Assert.Equal(TaskId.Create(Now).PartitionKey, TaskId.Create(Now.AddSeconds(29)).PartitionKey);
        Assert.NotEqual(TaskId.Create(Now).PartitionKey, TaskId.Create(Now.AddSeconds(30)).PartitionKey);
    }

    [Theory]
    [InlineData("6ba6be8e-0000-4000-8000-000000000000")] // version 4
    [InlineData("6ba6be8e-0000-7000-c000-000000000000")] // another variant
    [InlineData("6ba6be8e000070008000000000000000")]
    [InlineData("nonsense")]
    [InlineData("")]
    public void What_no_task_can_have_is_no_ID(string text) => Assert.False(TaskId.TryParse(text, out _));

    [Theory]
    [InlineData("00000000-0000-7000-8000-000000000000")]
    [InlineData("ffffffff-ffff-7fff-bfff-ffffffffffff")] // in the year 10889
    public void The_first_and_the_last_ID_have_keys(string text)
    {
        var id = TaskId.Parse(text);
        Assert.Equal((9, 32, text), (id.PartitionKey.Length, id.RowKey.Length, TaskId.FromRowKey(id.RowKey).ToString()));
    }
}
