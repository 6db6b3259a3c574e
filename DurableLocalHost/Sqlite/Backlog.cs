namespace DurableLocalHost.Sqlite;

/// <summary>
/// How much of a long row of messages is in memory: the oldest. When there is no room, those that come are left in the file, and
/// read from there, in their order, when there is room again. The lock of <see cref="TaskHubQueues"/> guards it.
/// </summary>
/// <param name="last">The greatest sequence number in the file, of which nothing has been read.</param>
internal sealed class Backlog(long last)
{
    /// <summary>How many of a row are in memory at most, or a few more.</summary>
    public const int Room = 1_000;

    private long _last = last;

    /// <summary>Up to this sequence number all have been read or have come into memory at once.</summary>
    public long ReadTo { get; private set; }

    /// <summary>Whether messages are in the file only.</summary>
    public bool IsBehind => _last > ReadTo;

    /// <summary>Whether it is time to read more.</summary>
    /// <param name="count">How many are in memory.</param>
    public bool Wants(int count) => IsBehind && count <= Room / 2;

    /// <summary>Says where a message that comes now belongs.</summary>
    /// <param name="count">How many are in memory.</param>
    /// <returns>False if it is left in the file, or was read from there.</returns>
    public bool Admit(long sequence, int count)
    {
        // It was committed before it came here, and has been read meanwhile: twice in memory, an activity would run twice.
        if (sequence <= ReadTo)
        {
            return false;
        }

        if (!IsBehind)
        {
            if (count < Room)
            {
                return true;
            }

            ReadTo = sequence - 1;
        }

        _last = sequence;
        return false;
    }

    /// <summary>Begins to read after <see cref="ReadTo"/>.</summary>
    /// <returns>For <see cref="End"/>.</returns>
    public long Begin() => _last;

    /// <param name="begun">What <see cref="Begin"/> returned.</param>
    /// <param name="read">The last sequence number that was read; null if nothing more was there.</param>
    /// <param name="isAll">There were no more.</param>
    public void End(long begun, long? read, bool isAll) => ReadTo = isAll ? Math.Max(begun, read ?? 0) : read!.Value;
}
