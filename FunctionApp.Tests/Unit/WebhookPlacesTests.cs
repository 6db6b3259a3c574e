using FunctionApp.Tasks.Webhooks;
using Microsoft.Extensions.Options;

namespace FunctionApp.Tests.Unit;

public class WebhookPlacesTests
{
    [Theory]
    [InlineData(null, 100, 25, 13)]
    [InlineData(null, 2, 1, 1)]
    [InlineData(4, 100, 4, 2)]
    public void One_receiver_gets_half_of_what_there_is(int? setting, int slots, int all, int one)
    {
        WebhookPlaces places = NewPlaces(setting, slots);

        int first = Enumerable.Range(0, slots + 1).Count(port => places.TryTake(new Uri($"https://a.example:{port + 1}/"), out _));
        int others = Enumerable.Range(0, slots + 1).Count(n => places.TryTake(new Uri($"https://b{n}.example/"), out _));

        Assert.Equal((one, all - one), (first, others));
    }

    [Fact]
    public void A_place_can_be_had_again()
    {
        WebhookPlaces places = NewPlaces(setting: 1, slots: 100);
        var url = new Uri("https://a.example/");
        for (int i = 0; i < 3; i++)
        {
            Assert.True(places.TryTake(url, out IDisposable? place));
            Assert.False(places.TryTake(url, out _));
            place.Dispose();
        }
    }

    private static WebhookPlaces NewPlaces(int? setting, int slots) =>
        new(Options.Create(new WebhookSettings { MaxDeliveries = setting }), new HostSettings(FunctionTimeout: null, slots));
}
