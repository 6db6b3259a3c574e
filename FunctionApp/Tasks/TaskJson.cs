using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace FunctionApp.Tasks;

/// <summary>
/// JSON as storage keeps it: inputs, items and results. What has a limit is measured as it is stored, and what is
/// stored leaves room for whatever an answer puts around it, because readers of JSON take 64 levels by default.
/// </summary>
internal static class TaskJson
{
    /// <summary>The most levels of a body: a kind may put some around what it takes from there.</summary>
    public const int MaxBodyDepth = 56;

    /// <summary>The longest short form, in characters.</summary>
    public const int MaxSummaryLength = 80;

    /// <summary>The most levels of what is stored.</summary>
    public const int MaxDepth = 60;

    /// <summary>How what is stored is written and read. Nothing of it stands in HTML, so its text needs few escapes.</summary>
    public static readonly JsonSerializerOptions Options = new(JsonSerializerOptions.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = MaxDepth,
    };

    /// <summary>What a kind has read from a body, as it is stored.</summary>
    /// <exception cref="RequestRefusedException">It cannot be written (400).</exception>
    public static BinaryData WriteInput<T>(T input)
    {
        try
        {
            return new BinaryData(JsonSerializer.SerializeToUtf8Bytes(input, Options));
        }
        catch (JsonException)
        {
            throw new RequestRefusedException(StatusCodes.Status400BadRequest, $"The input has more than {MaxDepth} levels of JSON.");
        }
        catch (ArgumentException)
        {
            throw new RequestRefusedException(StatusCodes.Status400BadRequest, "The input has a number that is too large.");
        }
    }

    /// <summary>A task's or an item's result, as it is stored.</summary>
    /// <exception cref="PermanentFailureException">It takes more bytes than it may, or cannot be written.</exception>
    public static BinaryData WriteResult<T>(T result, int maxBytes = TaskRow.MaxBytes)
    {
        byte[] json;
        try
        {
            json = JsonSerializer.SerializeToUtf8Bytes(result, Options);
        }
        catch (JsonException)
        {
            throw new PermanentFailureException($"The result has more than {MaxDepth} levels of JSON.", "too_large");
        }
        catch (ArgumentException)
        {
            throw new PermanentFailureException("The result contains a number that is not finite.", "not_finite");
        }

        return json.Length <= maxBytes
            ? new BinaryData(json)
            : throw new PermanentFailureException(TooLarge("The result", json.Length, maxBytes), "too_large");
    }

    /// <summary>The beginning of an input or a result, for people who look through a list.</summary>
    public static string Summary(BinaryData json)
    {
        // A character takes four bytes at most.
        ReadOnlySpan<byte> all = json.ToMemory().Span;
        ReadOnlySpan<byte> beginning = all[..Math.Min(all.Length, 4 * MaxSummaryLength)];
        string text = Encoding.UTF8.GetString(beginning);
        return beginning.Length == all.Length && text.Length <= MaxSummaryLength ? text : $"{text.Truncate(MaxSummaryLength - 1)}…";
    }

    /// <summary>Checks what somebody wants stored.</summary>
    /// <param name="what">Begins the sentence for the caller, such as "The input".</param>
    /// <exception cref="RequestRefusedException">It takes more bytes (413).</exception>
    public static void CheckSize(string what, int bytes, int maxBytes = TaskRow.MaxBytes)
    {
        if (bytes > maxBytes)
        {
            throw new RequestRefusedException(StatusCodes.Status413PayloadTooLarge, TooLarge(what, bytes, maxBytes));
        }
    }

    private static string TooLarge(string what, int bytes, int maxBytes) =>
        $"{what} takes {bytes:N0} bytes as it is stored, but may take {maxBytes:N0} at most.";
}
