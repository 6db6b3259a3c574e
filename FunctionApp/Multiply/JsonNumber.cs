using System.Numerics;

namespace FunctionApp.Multiply;

/// <summary>Arithmetic on JSON numbers in text form, with the number semantics of Python.</summary>
internal static class JsonNumber
{
    /// <summary>
    /// The product as a JSON number: exact if both are integers; otherwise the shortest text that reads back to the
    /// IEEE 754 product, always with a fraction or an exponent, so that a reader again takes it for a double.
    /// </summary>
    /// <exception cref="OverflowException">The product of two doubles is not finite.</exception>
    public static string Multiply(string x, string y)
    {
        if (IsInteger(x) && IsInteger(y))
        {
            return (ParseInteger(x) * ParseInteger(y)).ToString(CultureInfo.InvariantCulture);
        }

        double product = ParseDouble(x) * ParseDouble(y);
        if (!double.IsFinite(product))
        {
            throw new OverflowException("The product is not a finite IEEE 754 double.");
        }

        string text = product.ToString("R", CultureInfo.InvariantCulture);
        return IsInteger(text) ? text + ".0" : text;
    }

    /// <summary>Whether two JSON numbers are of the same kind (integer or double) and value, however they are written.</summary>
    public static bool AreSame(string a, string b) => (IsInteger(a), IsInteger(b)) switch
    {
        (true, true) => ParseInteger(a) == ParseInteger(b),
        (false, false) => BitConverter.DoubleToInt64Bits(ParseDouble(a)) == BitConverter.DoubleToInt64Bits(ParseDouble(b)),
        _ => false,
    };

    private static BigInteger ParseInteger(string number) => BigInteger.Parse(number, CultureInfo.InvariantCulture);

    private static double ParseDouble(string number) => double.Parse(number, CultureInfo.InvariantCulture);

    private static bool IsInteger(string number) => number.AsSpan().IndexOfAny('.', 'e', 'E') < 0;
}
