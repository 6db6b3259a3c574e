using FunctionApp.Tasks.Webhooks;

namespace FunctionApp.Tests.Unit;

public class WebhookLogTests
{
    [Fact]
    public void It_has_the_last_twenty_newest_first()
    {
        WebhookDelivery[] deliveries =
            [.. Enumerable.Range(1, 25).Select(n => new WebhookDelivery(DateTimeOffset.UnixEpoch.AddDays(n), $"{n}", n / 8.0))];
        string? log = null;
        foreach (WebhookDelivery delivery in deliveries)
        {
            log = WebhookLog.Add(log, delivery);
        }

        Assert.Equal(deliveries.Reverse().Take(20), WebhookLog.Read(log));
        Assert.Empty(WebhookLog.Read(null));
    }
}
