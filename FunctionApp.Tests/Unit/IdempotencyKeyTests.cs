using FunctionApp.Tasks;

namespace FunctionApp.Tests.Unit;

public class IdempotencyKeyTests
{
    [Fact]
    public void A_key_may_be_bare_or_a_quoted_string()
    {
        Assert.True(IdempotencyKey.TryHash("""a"b\c""", out string bare));
        Assert.True(IdempotencyKey.TryHash("""
            "a\"b\\c"
            """, out string quoted));
        Assert.Equal(bare, quoted);
        Assert.Equal(64, bare.Length);
    }

    [Fact]
    public void It_is_one_value_of_1_to_255_visible_ASCII_characters()
    {
        Assert.True(IdempotencyKey.TryHash(new string('k', 255), out _));
        Assert.All(
            ["", "\"\"", new string('k', 256), "two words", "schlüssel", "\u0001"],
            key => Assert.False(IdempotencyKey.TryHash(key, out _)));
        Assert.False(IdempotencyKey.TryHash(new(["a", "b"]), out _));
    }
}
