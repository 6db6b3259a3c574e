using System.Diagnostics;
using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace FunctionApp.Tasks.Upkeep;

/// <summary>
/// A reading of the results table that takes as many runs as it needs: how far it has come is noted in a row. So each run
/// goes on where the last one stopped, and none begins with what was read before.
/// </summary>
public sealed class Scans(TaskTable tasks, TableClient notes)
{
    private const int PageSize = 1_000;
    private static readonly TimeSpan NoteInterval = TimeSpan.FromSeconds(5);

    /// <summary>Goes on with the scan of that name, to its end or until cancelled.</summary>
    /// <param name="name">Of the scan.</param>
    /// <param name="begin">What a new scan goes over, null for nothing, given what the last one went over, null if there was none.</param>
    /// <param name="filter">Which rows are seen.</param>
    /// <param name="see">Is given the rows of each page; what it throws ends the run, and the page is read again by the next one.</param>
    /// <exception cref="RequestFailedException">Table Storage refused or did not answer.</exception>
    internal async Task RunAsync(
        string name,
        Func<Scan?, Scan?> begin,
        string filter,
        Func<IReadOnlyList<TaskRow>, Task> see,
        CancellationToken cancellationToken)
    {
        Scan? last = await FindAsync(name, cancellationToken);
        if ((last is { Continuation: not null } ? last : begin(last)) is not { } scan)
        {
            return;
        }

        scan.RowKey = name;
        long notedAt = Stopwatch.GetTimestamp();
        var range = TaskRange.Of(scan.Before!.Value, scan.Since);
        await foreach (Page<TaskRow> page in tasks.QueryAsync(range, filter, PageSize, cancellationToken, scan.Continuation))
        {
            await see(page.Values);
            scan.Continuation = page.ContinuationToken;
            if (scan.Continuation is not null && Stopwatch.GetElapsedTime(notedAt) > NoteInterval)
            {
                await NoteAsync(scan, cancellationToken);
                notedAt = Stopwatch.GetTimestamp();
            }
        }

        scan.Continuation = null;
        await NoteAsync(scan, cancellationToken);
    }

    /// <summary>What is noted of a scan; null if there was none.</summary>
    internal async Task<Scan?> FindAsync(string name, CancellationToken cancellationToken)
    {
        NullableResponse<Scan> noted = await notes.GetEntityIfExistsAsync<Scan>(Scan.Partition, name, cancellationToken: cancellationToken);
        return noted.HasValue ? noted.Value : null;
    }

    /// <summary>Notes how far a scan has come, in a new table if there is none any more.</summary>
    internal async Task NoteAsync(Scan scan, CancellationToken cancellationToken)
    {
        try
        {
            await notes.UpsertEntityAsync(scan, TableUpdateMode.Replace, cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.TableNotFound)
        {
            await notes.CreateIfNotExistsAsync(cancellationToken);
            await notes.UpsertEntityAsync(scan, TableUpdateMode.Replace, cancellationToken);
        }
    }
}

/// <summary>Which rows a scan goes over, and how far it has come.</summary>
internal sealed class Scan : ITableEntity
{
    public const string Partition = "scan";

    public string PartitionKey { get; set; } = Partition;

    public string RowKey { get; set; } = "";

    public DateTimeOffset? Timestamp { get; set; }

    public ETag ETag { get; set; }

    /// <summary>Of tasks that were created then or later; null for all.</summary>
    public DateTimeOffset? Since { get; set; }

    /// <summary>And before then.</summary>
    public DateTimeOffset? Before { get; set; }

    /// <summary>Where it goes on; null if it has come to its end.</summary>
    public string? Continuation { get; set; }
}
