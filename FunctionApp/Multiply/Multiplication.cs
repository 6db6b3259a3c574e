using System.Text.Json;
using FunctionApp.Tasks;

namespace FunctionApp.Multiply;

/// <summary>What to multiply: two JSON numbers of at most 1,000 characters.</summary>
public sealed record Multiplication(JsonElement X, JsonElement Y)
{
    private const int MaxLength = 1_000;

    public static Multiplication Read(JsonMembers body) => new(ReadNumber(body, "x"), ReadNumber(body, "y"));

    // Canonical, so that whoever repeats a request with 2.30 instead of 2.3 gets the same task.
    private static JsonElement ReadNumber(JsonMembers body, string name)
    {
        JsonElement number = body.Required(
            name,
            value => value.ValueKind == JsonValueKind.Number && value.GetRawText().Length <= MaxLength,
            $"must be a number of at most {MaxLength:N0} characters");
        return number.ValueKind == JsonValueKind.Number ? JsonNumber.Canonical(number) : number;
    }
}
