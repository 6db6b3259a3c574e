using System.Numerics;
using System.Text.Json;
using FunctionApp.Tasks;

namespace FunctionApp.Multiply;

/// <summary>Arithmetic on JSON numbers, with the number semantics of Python.</summary>
internal static class JsonNumber
{
    /// <summary>
    /// The product: exact if both are integers; otherwise the shortest text that reads back to the IEEE 754 product,
    /// always with a fraction or an exponent, so that a reader again takes it for a double.
    /// </summary>
    /// <exception cref="PermanentFailureException">The product of two doubles is not finite.</exception>
    public static JsonElement Multiply(JsonElement x, JsonElement y)
    {
        (string a, string b) = (x.GetRawText(), y.GetRawText());
        if (IsInteger(a) && IsInteger(b))
        {
            return JsonElement.Parse((ParseInteger(a) * ParseInteger(b)).ToString());
        }

        double product = ParseDouble(a) * ParseDouble(b);
        return double.IsFinite(product)
            ? JsonElement.Parse(Text(product))
            : throw new PermanentFailureException("The product is too large for an IEEE 754 double, or not a number.", "not_finite");
    }

    /// <summary>The same number, written the one way; a double that is too large for its type stays as it is.</summary>
    public static JsonElement Canonical(JsonElement number)
    {
        string text = number.GetRawText();
        if (IsInteger(text))
        {
            return JsonElement.Parse(ParseInteger(text).ToString());
        }

        double value = ParseDouble(text);
        return double.IsFinite(value) ? JsonElement.Parse(Text(value)) : number;
    }

    private static string Text(double value)
    {
        string text = value.ToString("R");
        return IsInteger(text) ? text + ".0" : text;
    }

    private static BigInteger ParseInteger(string number) => BigInteger.Parse(number);

    private static double ParseDouble(string number) => double.Parse(number);

    private static bool IsInteger(string number) => number.AsSpan().IndexOfAny('.', 'e', 'E') < 0;
}
