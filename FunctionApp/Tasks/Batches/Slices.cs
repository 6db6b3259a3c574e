namespace FunctionApp.Tasks.Batches;

/// <summary>How a batch is cut: into slices of 20 items, each the work of an activity.</summary>
internal static class Slices
{
    public const int Size = 20;

    public static int Count(int items) => (items + Size - 1) / Size;

    /// <summary>How many items the slices in a bit mask hold.</summary>
    public static int Items(long slices, int items) =>
        Enumerable.Range(0, Count(items)).Where(slice => Has(slices, slice)).Sum(slice => Math.Min(Size, items - (slice * Size)));

    public static bool Has(long slices, int slice) => (slices >> slice & 1) == 1;
}
