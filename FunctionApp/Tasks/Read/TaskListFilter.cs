using Azure.Data.Tables;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Primitives;

namespace FunctionApp.Tasks;

/// <summary>Which tasks a list has, and how many on a page: the query of <c>GET /tasks</c>.</summary>
/// <param name="Statuses">As callers see them; none for all.</param>
/// <param name="Label">The label, or what it begins with and a star; null for any.</param>
/// <param name="CreatedAfter">Created then or later.</param>
/// <param name="CreatedBefore">Created earlier.</param>
internal sealed record TaskListFilter(
    IReadOnlyList<string> Statuses, string? Kind, string? Label, DateTimeOffset? CreatedAfter, DateTimeOffset? CreatedBefore, int Limit)
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 100;
    private const int HashLength = 16;
    private const int RowKeyLength = 32;

    // The last code unit in the ordinal order by which storage compares texts: no label sorts after it.
    private const char LastCharacter = '\uffff';

    private static readonly string[] AllStatuses = ["Scheduled", .. Enum.GetNames<RowStatus>().Except([nameof(RowStatus.Preparing), nameof(RowStatus.Deleted)])];

    /// <summary>The filter of a request and, from its cursor, the row key to go on after; what is wrong is added to <paramref name="errors"/>.</summary>
    public static (TaskListFilter Filter, string? After) Read(IQueryCollection query, Dictionary<string, string[]> errors)
    {
        string[] statuses = [.. query["status"].Select(status => AllStatuses.FirstOrDefault(known => known.Equals(status, StringComparison.OrdinalIgnoreCase)) ?? "")];
        if (statuses.Contains(""))
        {
            errors["status"] = [$"must be one of {string.Join(", ", AllStatuses)}"];
        }

        string? kind = ReadText("kind", "the name of a kind");
        string? label = ReadText("label", "a label, or the beginning of one and a star");

        int limit = DefaultLimit;
        if (query.TryGetValue("limit", out StringValues limitText)
            && !(limitText.Count == 1 && int.TryParse(limitText[0], NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= MaxLimit))
        {
            errors["limit"] = [$"must be a whole number from 1 to {MaxLimit}"];
        }

        var filter = new TaskListFilter(
            [.. statuses.Distinct().Order()],
            kind,
            label,
            ReadTime("created_after"),
            ReadTime("created_before"),
            limit);
        string? after = null;
        if (query.TryGetValue("cursor", out StringValues cursor))
        {
            after = filter.Position(cursor);
            if (after is null)
            {
                errors["cursor"] = ["must come from next of a page with the same filters"];
            }
        }

        return (filter, after);

        string? ReadText(string name, string mustBe)
        {
            StringValues text = query[name];
            if (text.Count > 1 || text.ToString().Any(char.IsControl))
            {
                // Table Storage refuses a query with such characters.
                errors[name] = [text.Count > 1 ? "must occur only once" : $"must be {mustBe}"];
            }

            return text.Count == 1 ? text[0] : null;
        }

        DateTimeOffset? ReadTime(string name)
        {
            if (!query.TryGetValue(name, out StringValues text))
            {
                return null;
            }

            DateTimeOffset? time = QueryText.ParseTime(text);
            if (time is null)
            {
                errors[name] = ["must be one RFC 3339 time, such as 2026-01-31T12:00:00Z"];
            }

            return time;
        }
    }

    /// <summary>The path of the page that follows after that row key.</summary>
    public string Next(string rowKey)
    {
        var query = new QueryBuilder { { "status", Statuses } };
        if (Kind is not null)
        {
            query.Add("kind", Kind);
        }

        if (Label is not null)
        {
            query.Add("label", Label);
        }

        AddTime("created_after", CreatedAfter);
        AddTime("created_before", CreatedBefore);
        query.Add("limit", Limit.ToString());
        query.Add("cursor", Cursor(rowKey));
        return $"/tasks{query}";

        void AddTime(string name, DateTimeOffset? time)
        {
            if (time is { } value)
            {
                query.Add(name, value.UtcDateTime.ToString("O"));
            }
        }
    }

    /// <summary>From where the page after that row key goes on.</summary>
    public string Cursor(string rowKey) => Hash() + rowKey;

    /// <summary>What of the filter storage can decide.</summary>
    public string ToTableFilter()
    {
        IEnumerable<RowStatus> stored = Statuses
            .Select(status => status == "Scheduled" ? RowStatus.Pending : Enum.Parse<RowStatus>(status)).Distinct();
        string status = Statuses.Count == 0
            ? $"(Status ne '{RowStatus.Deleted}' and Status ne '{RowStatus.Preparing}')"
            : $"({string.Join(" or ", stored.Select(one => $"Status eq '{one}'"))})";
        string? kind = Kind is null ? null : TableClient.CreateQueryFilter($"Kind eq {Kind}");
        string? label = Label switch
        {
            null => null,
            [.. string beginning, '*'] => TableClient.CreateQueryFilter($"Label ge {beginning} and Label lt {beginning + LastCharacter}"),
            _ => TableClient.CreateQueryFilter($"Label eq {Label}"),
        };
        return string.Join(" and ", new[] { status, kind, label }.OfType<string>());
    }

    /// <summary>The rest of it.</summary>
    public bool Matches(TaskRow row, DateTimeOffset now) =>
        (Statuses.Count == 0 || Statuses.Contains(row.StatusAt(now))) && (Label is null || row.Label is { Length: > 0 });

    private string? Position(StringValues cursor) =>
        cursor is [{ Length: HashLength + RowKeyLength } text] && text.All(char.IsAsciiHexDigitLower) && text.StartsWith(Hash())
            ? text[HashLength..]
            : null;

    // The limit is not part of it: it may change from page to page.
    private string Hash() =>
        $"{string.Join(',', Statuses)}\n{Kind}\n{CreatedAfter?.UtcTicks}\n{CreatedBefore?.UtcTicks}{(Label is null ? "" : $"\n{Label}")}".Sha256()[..HashLength];
}
