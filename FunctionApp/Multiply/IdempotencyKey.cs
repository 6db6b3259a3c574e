using Microsoft.Extensions.Primitives;
using UUIDNext;

namespace FunctionApp.Multiply;

/// <summary>
/// The request header <c>Idempotency-Key</c>: whoever sends the same key gets the same task.
/// Source: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
/// </summary>
internal static class IdempotencyKey
{
    public const string Header = "Idempotency-Key";

    private const int MaxLength = 255;

    // Any fixed UUID does; another one would give every key another task.
    private static readonly Guid Namespace = new("5f0c1f0e-6f0b-4f7e-9a0d-3c1f6b2a7d54");

    /// <summary>The name-based UUID (version 5) of the key; false if it is not 1 to 255 visible ASCII characters.</summary>
    public static bool TryGetTaskId(StringValues header, out string taskId)
    {
        string key = header.Count == 1 ? header[0]! : "";
        bool isValid = key.Length is > 0 and <= MaxLength && key.All(character => character is >= '!' and <= '~');
        taskId = isValid ? Uuid.NewNameBased(Namespace, key).ToString() : "";
        return isValid;
    }
}
