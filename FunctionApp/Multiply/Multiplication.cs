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
        JsonElement number = body.Required(name, value => value.ValueKind == JsonValueKind.Number, "must be a number, such as 2.3, -4 or 1e6");
        int length = number.ValueKind == JsonValueKind.Number ? number.GetRawText().Length : 0;
        if (length > MaxLength)
        {
            body.Errors[name] = [$"must have at most {MaxLength:N0} characters, but has {length:N0}"];
        }

        // With an error among the body's, the request is refused, so nobody uses the number that is returned here.
        return length is > 0 and <= MaxLength ? JsonNumber.Canonical(number) : number;
    }
}
