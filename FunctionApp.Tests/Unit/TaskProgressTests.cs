using FunctionApp.Tasks;

namespace FunctionApp.Tests.Unit;

public class TaskProgressTests
{
    private readonly TaskProgress _progress = new();

    [Fact]
    public void Progress_never_goes_backwards_and_keeps_its_message_until_the_next()
    {
        _progress.Report(0.4, "epoch 4 of 10");
        _progress.Report(0.2);

        Assert.Equal(new Report(0.4, "epoch 4 of 10", Checkpoint: null), _progress.Latest);
    }

    [Theory]
    [InlineData(-0.01)]
    [InlineData(1.01)]
    [InlineData(double.NaN)]
    public void A_value_outside_0_to_1_is_the_programmers_error(double value) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _progress.Report(value));

    [Fact]
    public void A_long_message_is_cut_between_characters()
    {
        _progress.Report(1, new string('m', 255) + "😀");

        Assert.Equal(new string('m', 255), _progress.Latest.Message);
    }

    [Fact]
    public void A_checkpoint_has_at_most_16_KiB()
    {
        _progress.Save(new string('x', TaskProgress.MaxCheckpointBytes - 2));

        Assert.Throws<ArgumentException>(() => _progress.Save(new string('x', TaskProgress.MaxCheckpointBytes - 1)));
    }
}
