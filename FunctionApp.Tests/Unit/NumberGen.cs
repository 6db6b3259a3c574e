using System.Numerics;
using CsCheck;

namespace FunctionApp.Tests.Unit;

/// <summary>Numbers as callers may send them.</summary>
internal static class NumberGen
{
    /// <summary>Integers of 1 to 1,000 characters.</summary>
    public static Gen<string> Integer { get; } =
        from negative in Gen.Bool
        from first in Gen.Char['1', '9']
        from rest in Gen.String[Gen.Char['0', '9'], 0, 998]
        select (negative ? "-" : "") + first + rest;

    /// <summary>All finite doubles, by bits and by everyday values.</summary>
    public static Gen<double> Double { get; } = Gen.OneOf(Gen.Double, Gen.Double[-1e6, 1e6], Gen.Int[-100, 100].Select(n => n / 10.0))
        .Where(double.IsFinite);

    /// <summary>A JSON number that is a double to its reader.</summary>
    public static string Text(double value)
    {
        string text = value.ToString("R");
        return text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + ".0" : text;
    }

    public static string Product(BigInteger x, BigInteger y) => (x * y).ToString();
}
