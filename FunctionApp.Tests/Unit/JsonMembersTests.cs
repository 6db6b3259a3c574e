using System.Text;
using System.Text.Json;
using FunctionApp.Tasks;

namespace FunctionApp.Tests.Unit;

public class JsonMembersTests
{
    [Theory]
    [InlineData("", "body is required; x is required")]
    [InlineData("{", "body must be valid JSON in UTF-8, of at most 56 levels; x is required")]
    [InlineData("[]", "body must be a JSON object; x is required")]
    [InlineData("""[{"x": 1}]""", "body must be a JSON object; x is required")]
    [InlineData("""{"x": {"y": "\ud83d"}}""", "body must be valid JSON in UTF-8, of at most 56 levels; x must be a number")]
    [InlineData("""{"y": "\ud83d\ude00", "x": 1, "y": "\udfff"}""", "body must be valid JSON in UTF-8, of at most 56 levels")]
    [InlineData("{}", "x is required")]
    [InlineData("""{"x": nope}""", "body must be valid JSON in UTF-8, of at most 56 levels; x must be a number")]
    [InlineData("""{"x": "1"}""", "x must be a number")]
    [InlineData("""{"x": 1, "\u0078": 2}""", "x must occur only once")]
    [InlineData("""{"x": 1} 2""", "body must be valid JSON in UTF-8, of at most 56 levels")]
    [InlineData("""{"\ud800": 1, "x": 1}""", "body must be valid JSON in UTF-8, of at most 56 levels; x is required")]
    [InlineData("""{"other": {"x": 2}, "x": 1, "other": []}""", "")]
    public void Each_member_that_is_asked_for_is_there_or_has_a_message(string body, string errors)
    {
        var members = JsonMembers.Parse(Encoding.UTF8.GetBytes(body));

        JsonElement x = members.Required("x", value => value.ValueKind == JsonValueKind.Number, "must be a number");

        Assert.Equal(errors, string.Join("; ", members.Errors.Select(error => $"{error.Key} {Assert.Single(error.Value)}").Order()));
        Assert.Equal(!members.Errors.ContainsKey("x"), x.ValueKind == JsonValueKind.Number);
    }

    [Fact]
    public void A_byte_order_mark_is_skipped_and_what_is_not_UTF_8_refused()
    {
        Assert.Empty(JsonMembers.Parse((byte[])[.. Encoding.UTF8.Preamble, .. "{}"u8]).Errors);
        Assert.NotEmpty(JsonMembers.Parse((byte[])[.. """{"z": " """u8, 0xc3, 0x28, .. """ "}"""u8]).Errors);
    }

    [Theory]
    [InlineData(56, true)]
    [InlineData(57, false)]
    public void A_body_has_at_most_56_levels(int depth, bool isValid)
    {
        string body = $$"""{"z": {{new string('[', depth - 1)}}{{new string(']', depth - 1)}}}""";
        Assert.Equal(isValid, JsonMembers.Parse(Encoding.UTF8.GetBytes(body)).Errors.Count == 0);
    }

    [Theory]
    [InlineData("""{"junk": [*]}""", 0.1)]
    [InlineData("""{"items": [{"x": [*]}]}""", 9)] // what an array of that many values takes
    public void A_MiB_of_junk_costs_less_than_ten(string body, double mebibytes)
    {
        byte[] junk = Encoding.UTF8.GetBytes(body.Replace("*", string.Join(',', Enumerable.Repeat("1", 500_000))));
        Read();
        long before = GC.GetAllocatedBytesForCurrentThread();

        Read();

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, mebibytes * 1_024 * 1_024);

        void Read()
        {
            JsonElement items = JsonMembers.Parse(junk).Required("items", value => value.ValueKind == JsonValueKind.Array, "must be an array");
            if (items.ValueKind == JsonValueKind.Array)
            {
                JsonMembers.Of(items[0]).Required("x", _ => true, "");
            }
        }
    }
}
