using System.Text;
using System.Text.Json;
using FunctionApp.Tasks;

namespace FunctionApp.Tests.Unit;

public class JsonMembersTests
{
    [Theory]
    [InlineData("", "body is required,x is required")]
    [InlineData("{", "body must be valid JSON in UTF-8,x is required")]
    [InlineData("[]", "body must be a JSON object,x is required")]
    [InlineData("{}", "x is required")]
    [InlineData("""{"x": nope}""", "body must be valid JSON in UTF-8,x must be a number")]
    [InlineData("""{"x": "1"}""", "x must be a number")]
    [InlineData("""{"x": 1, "\u0078": 2}""", "x must occur only once")]
    [InlineData("""{"x": 1} 2""", "body must be valid JSON in UTF-8")]
    [InlineData("""{"\ud800": 1, "x": 1}""", "body must be valid JSON in UTF-8,x is required")]
    [InlineData("""{"other": {"x": 2}, "x": 1, "other": []}""", "")]
    public void Each_member_that_is_asked_for_is_there_or_has_a_message(string body, string errors)
    {
        var members = JsonMembers.Parse(Encoding.UTF8.GetBytes(body));

        JsonElement x = members.Required("x", value => value.ValueKind == JsonValueKind.Number, "must be a number");

        Assert.Equal(errors, string.Join(',', members.Errors.Select(error => $"{error.Key} {Assert.Single(error.Value)}").Order()));
        Assert.Equal(!members.Errors.ContainsKey("x"), x.ValueKind == JsonValueKind.Number);
    }

    [Fact]
    public void A_byte_order_mark_is_skipped_and_what_is_not_UTF_8_refused()
    {
        Assert.Empty(JsonMembers.Parse([.. Encoding.UTF8.Preamble, .. "{}"u8]).Errors);
        Assert.NotEmpty(JsonMembers.Parse([.. """{"z": " """u8, 0xc3, 0x28, .. """ "}"""u8]).Errors);
    }
}
