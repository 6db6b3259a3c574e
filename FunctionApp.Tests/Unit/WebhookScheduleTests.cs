using FunctionApp.Tasks.Webhooks;

namespace FunctionApp.Tests.Unit;

public class WebhookScheduleTests
{
    [Fact]
    public void Pauses_grow_and_end_after_a_day()
    {
        TimeSpan?[] pauses = [.. Enumerable.Range(1, 12).Select(attempt => WebhookSchedule.PauseAfter(attempt, retryAfter: null))];

        Assert.Equal(pauses.SkipLast(1).Order(), pauses.SkipLast(1));
        Assert.InRange(TimeSpan.FromSeconds(pauses.Sum(pause => pause?.TotalSeconds ?? 0)), TimeSpan.FromDays(1), TimeSpan.FromHours(27));
        Assert.Null(pauses[^1]);
    }

    [Theory]
    [InlineData(1, "00:01:00", "00:01:00")]
    [InlineData(1, "00:00:01", "00:00:05")]
    [InlineData(1, "-00:01:00", "00:00:05")]
    [InlineData(1, "365.00:00:00", "04:00:00")]
    [InlineData(11, "365.00:00:00", "04:00:00")]
    [InlineData(12, "00:01:00", null)]
    public void A_receiver_can_lengthen_a_pause_but_not_for_ever_and_not_for_nothing(int attempt, string retryAfter, string? pause) =>
        Assert.Equal(pause is null ? null : TimeSpan.Parse(pause), WebhookSchedule.PauseAfter(attempt, TimeSpan.Parse(retryAfter)));

    [Fact]
    public void Who_has_to_come_again_does_so_within_a_minute_and_not_all_at_once()
    {
        TimeSpan[] moments = [.. Enumerable.Range(0, 1_000).Select(WebhookSchedule.Moment)];

        Assert.InRange(moments[0], TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        Assert.All(moments, moment => Assert.InRange(moment, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)));
        Assert.InRange(moments.Distinct().Count(), 900, 1_000);
    }
}
