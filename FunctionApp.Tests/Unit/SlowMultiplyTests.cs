using Azure;
using Azure.Data.Tables;
using FunctionApp.Multiply;
using Moq;

namespace FunctionApp.Tests.Unit;

public class SlowMultiplyTests
{
    private readonly Mock<TableClient> _table = new(MockBehavior.Strict);

    [Fact]
    public async Task Writes_the_product_with_one_upsert()
    {
        _table.Setup(table => table.UpsertEntityAsync(
                It.Is<TableEntity>(row => row.PartitionKey == "task" && row.RowKey == "task" && row.GetString("Result") == "4.6"),
                TableUpdateMode.Replace,
                It.IsAny<CancellationToken>()))
            .ReturnsAsync(Mock.Of<Response>());

        await RunAsync(TimeSpan.Zero, "2.3", "2.0");

        _table.Verify(
            table => table.UpsertEntityAsync(It.IsAny<TableEntity>(), It.IsAny<TableUpdateMode>(), It.IsAny<CancellationToken>()), Times.Once);
    }

    [Fact]
    public async Task An_overflow_writes_nothing() =>
        await Assert.ThrowsAsync<OverflowException>(() => RunAsync(TimeSpan.Zero, "1e200", "1e200"));

    [Fact]
    public async Task The_computation_can_be_cancelled()
    {
        using var cancellation = new CancellationTokenSource();
        Task run = RunAsync(TimeSpan.FromHours(1), "1", "2", cancellation.Token);
        Assert.False(run.IsCompleted);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    private Task RunAsync(TimeSpan delay, string x, string y, CancellationToken? cancellationToken = null) =>
        new SlowMultiply(new ResultsTable(_table.Object), new SlowMultiplySettings(delay, TimeSpan.FromMinutes(1)))
            .RunAsync(new SlowMultiplyInput("task", x, y), cancellationToken ?? TestContext.Current.CancellationToken);
}
