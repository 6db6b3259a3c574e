using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace FunctionApp.Tasks;

/// <summary>
/// A task's ID, which is its orchestration's instance ID too: a UUID of version 7 (RFC 9562), whose first 48 bits are the
/// millisecond of its creation. So the ID alone gives the row's keys, and keys that are inverted sort the newest first.
/// </summary>
public readonly record struct TaskId
{
    private const long LastMillisecond = (1L << 48) - 1;
    private const long MillisecondsPerMinute = 60_000;

    private readonly UInt128 _value;

    private TaskId(Guid uuid) => _value = BinaryPrimitives.ReadUInt128BigEndian(uuid.ToByteArray(bigEndian: true));

    /// <summary>Its minute, inverted, in nine hexadecimal digits. On integers, because not every ID has a date that exists.</summary>
    public string PartitionKey =>
        ((LastMillisecond / MillisecondsPerMinute) - (Millisecond / MillisecondsPerMinute)).ToString("x9");

    /// <summary>The ID, inverted, in 32 hexadecimal digits.</summary>
    public string RowKey => (~_value).ToString("x32");

    /// <summary>When it was created, to the millisecond. Only for the ID of a row that exists.</summary>
    public DateTimeOffset CreatedAt => DateTimeOffset.FromUnixTimeMilliseconds(Millisecond);

    private long Millisecond => (long)(_value >> 80);

    public static TaskId Create(DateTimeOffset now) => new(Guid.CreateVersion7(now));

    /// <summary>False for what is no UUID of version 7 in its usual notation of 36 characters: no task can have it.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out TaskId id)
    {
        bool isId = Guid.TryParseExact(text, "D", out Guid uuid) && uuid is { Version: 7, Variant: >= 8 and <= 11 };
        id = isId ? new(uuid) : default;
        return isId;
    }

    /// <exception cref="FormatException">It is not the text of a task ID.</exception>
    public static TaskId Parse(string text) =>
        TryParse(text, out TaskId id) ? id : throw new FormatException($"\"{text}\" is not a task ID.");

    /// <summary>The ID of the row with that <see cref="RowKey"/>.</summary>
    public static TaskId FromRowKey(string rowKey)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, ~UInt128.Parse(rowKey, NumberStyles.HexNumber));
        return new(new Guid(bytes, bigEndian: true));
    }

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, _value);
        return new Guid(bytes, bigEndian: true).ToString("D");
    }
}
