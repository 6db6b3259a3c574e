using System.Text.Json;

namespace FunctionApp.Tasks.Batches;

/// <summary>The items of a batch that was submitted, each as JSON.</summary>
public sealed record BatchItems(IReadOnlyList<BinaryData> Inputs)
{
    /// <summary>The most items of a batch.</summary>
    public const int MaxCount = 1_000;

    // A hundred rows are written in one transaction, of at most 4 MiB on its way:
    // https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
    private const int MaxBytes = 2 * 1_024 * 1_024;

    /// <summary>What the batch's row has for an input: the items have rows of their own.</summary>
    public BinaryData Summary => BinaryData.FromObjectAsJson(new { Items = Inputs.Count }, JsonSerializerOptions.Web);

    /// <summary>The member <c>items</c> of a body; what is wrong is left in the body's errors, as <c>items[3].x</c>.</summary>
    /// <exception cref="RequestRefusedException">An item, or all together, are too large (413).</exception>
    public static BatchItems Read(JsonMembers body, TaskKind kind)
    {
        JsonElement items = body.Required(
            "items",
            value => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() is >= 1 and <= MaxCount,
            $"must be an array of 1 to {MaxCount:N0} objects");
        BinaryData[] inputs = items.ValueKind == JsonValueKind.Array
            ? [.. items.EnumerateArray().Select((item, index) => ReadItem(body, kind, item, index))]
            : [];
        TaskJson.CheckSize("The batch", inputs.Sum(input => input.ToMemory().Length), MaxBytes);
        return new(inputs);
    }

    private static BinaryData ReadItem(JsonMembers body, TaskKind kind, JsonElement item, int index)
    {
        string name = $"items[{index}]";
        if (item.ValueKind != JsonValueKind.Object)
        {
            body.Errors[name] = ["must be an object"];
            return BinaryData.Empty;
        }

        var members = JsonMembers.Of(item);
        BinaryData input = kind.ReadInput(members);
        foreach ((string member, string[] messages) in members.Errors)
        {
            body.Errors[$"{name}.{member}"] = messages;
        }

        TaskJson.CheckSize(name, input.ToMemory().Length);
        return input;
    }
}
