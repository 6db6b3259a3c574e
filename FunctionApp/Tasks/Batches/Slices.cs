namespace FunctionApp.Tasks.Batches;

/// <summary>How a batch is cut: into slices, each the work of an activity, and a bit in the row's mask of those that have ended.</summary>
/// <param name="Items">How many items the batch has.</param>
/// <param name="Size">How many of them are in a slice; the last one may have fewer.</param>
internal sealed record Slices(int Items, int Size)
{
    /// <summary>That of new batches: each costs some eleven requests to storage, and is what a host that is killed has to do again.</summary>
    public const int DefaultSize = 32;

    /// <summary>That of rows and orchestrations which do not say it.</summary>
    public const int FormerSize = 20;

    /// <summary>Those of a row; of a single task none.</summary>
    public static Slices Of(TaskRow row) => new(row.Items ?? 0, row.SliceSize ?? FormerSize);

    public int Count => (Items + Size - 1) / Size;

    /// <summary>The mask in which all have ended.</summary>
    public long All => (1L << Count) - 1;

    /// <summary>How many items those slices hold that have ended.</summary>
    public int CountItems(long ended) =>
        Enumerable.Range(0, Count).Where(slice => Has(ended, slice)).Sum(slice => Math.Min(Size, Items - (slice * Size)));

    public static bool Has(long ended, int slice) => (ended >> slice & 1) == 1;
}
