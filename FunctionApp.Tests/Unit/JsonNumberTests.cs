using System.Numerics;
using System.Text.Json;
using CsCheck;
using FunctionApp.Multiply;
using FunctionApp.Tasks;

namespace FunctionApp.Tests.Unit;

public class JsonNumberTests
{
    [Theory]
    [InlineData("2.3", "2.0", "4.6")]
    [InlineData("2", "3", "6")]
    [InlineData("2", "3.0", "6.0")]
    [InlineData("10000000000000000000000000000000000000000", "3", "30000000000000000000000000000000000000000")]
    [InlineData("-0", "5", "0")]
    [InlineData("-0.0", "5", "-0.0")]
    [InlineData("0.1", "3", "0.30000000000000004")]
    [InlineData("1e2", "1", "100.0")]
    [InlineData("5e-324", "0.5", "0.0")]
    [InlineData("1E300", "1e7", "1.0000000000000001E+307")]
    public void Products_are_those_of_Python(string x, string y, string product) => Assert.Equal(product, Multiply(x, y));

    [Theory]
    [InlineData("1e200", "1e200")]
    [InlineData("1e400", "0.0")]
    [InlineData("-1e308", "10.0")]
    public void A_product_that_is_not_finite_fails_for_good(string x, string y) =>
        Assert.Equal("not_finite", Assert.Throws<PermanentFailureException>(() => Multiply(x, y)).Error.Code);

    [Fact]
    public void Integers_multiply_exactly() => Gen.Select(NumberGen.Integer, NumberGen.Integer).Sample((x, y) =>
        Multiply(x, y) == NumberGen.Product(BigInteger.Parse(x), BigInteger.Parse(y)));

    [Fact]
    public void Doubles_multiply_as_IEEE_754_says_and_read_back_to_the_same_bits() =>
        Gen.Select(NumberGen.Double, NumberGen.Double).Where((x, y) => double.IsFinite(x * y)).Sample((x, y) =>
        {
            string text = Multiply(NumberGen.Text(x), NumberGen.Text(y));
            double back = double.Parse(text);
            return BitConverter.DoubleToInt64Bits(back) == BitConverter.DoubleToInt64Bits(x * y)
                && text.AsSpan().IndexOfAny('.', 'E') >= 0;
        });

    [Theory]
    [InlineData("-0", "0")]
    [InlineData("1.50", "1.5")]
    [InlineData("15e-1", "1.5")]
    [InlineData("1e0", "1.0")]
    [InlineData("-0.0", "-0.0")]
    [InlineData("1e400", "1e400")]
    public void A_number_has_one_canonical_text(string number, string expected) =>
        Assert.Equal(expected, JsonNumber.Canonical(JsonElement.Parse(number)).GetRawText());

    private static string Multiply(string x, string y) => JsonNumber.Multiply(JsonElement.Parse(x), JsonElement.Parse(y)).GetRawText();
}
