using System.Text.Json;
using System.Text.Json.Nodes;
using FunctionApp.Tasks;
using FunctionApp.Tasks.Batches;

namespace FunctionApp.Tests.Unit;

/// <summary>How batches are cut, also those that another version has begun.</summary>
public class SlicesTests
{
    [Theory]
    [InlineData(45, 20, 0b101, 25)]
    [InlineData(45, 20, 0b111, 45)]
    [InlineData(45, 32, 0b10, 13)]
    [InlineData(1_000, 32, 0xFFFF_FFFF, 1_000)]
    public void The_last_slice_has_what_is_left(int items, int size, long ended, int expected) =>
        Assert.Equal(expected, new Slices(items, size).CountItems(ended));

    [Fact]
    public void All_are_a_bit_each_for_the_largest_batch_too()
    {
        Assert.Equal(0xFFFF_FFFF, new Slices(BatchItems.MaxCount, Slices.DefaultSize).All);
        Assert.Equal((1L << 50) - 1, new Slices(BatchItems.MaxCount, Slices.FormerSize).All);
    }

    [Fact]
    public void A_batch_that_does_not_say_how_it_is_cut_is_cut_as_before()
    {
        JsonNode input = JsonSerializer.SerializeToNode(
            new OrchestrationInput("A", null, default, 1, 1, "e", null, null, Items: 45, HasWebhook: false, TraceParent: null, SliceSize: 32))!;
        input.AsObject().Remove("SliceSize");

        Assert.Equal(3, input.Deserialize<OrchestrationInput>()!.Slices.Count);
        Assert.Equal(new ItemCounts(45, 4, 1), ItemCounts.Of(new TaskRow { Items = 45, Slices = 0b100, FailedItems = 1 }));
        Assert.Equal(new ItemCounts(45, 12, 1), ItemCounts.Of(new TaskRow { Items = 45, Slices = 0b10, FailedItems = 1, SliceSize = 32 }));
    }
}
