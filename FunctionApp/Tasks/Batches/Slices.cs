namespace FunctionApp.Tasks.Batches;

/// <summary>How a batch is cut: into slices of 20 items, each the work of an activity.</summary>
internal static class Slices
{
    public const int Size = 20;

    public static int Count(int items) => (items + Size - 1) / Size;

    /// <summary>The share of the items that the slices in a bit mask hold.</summary>
    public static double Share(long slices, int items) =>
        Enumerable.Range(0, Count(items)).Where(slice => (slices >> slice & 1) == 1).Sum(slice => Math.Min(Size, items - (slice * Size))) / (double)items;
}
