using System.Buffers;
using System.Text;
using Azure;

namespace FunctionApp.Tasks;

/// <summary>
/// What one run of a task's work says. It is kept in memory, and appended to the task's log, which all its runs share, now and then.
/// The log has at most 1 MiB; then its last line says so.
/// </summary>
internal sealed class RunLog(TaskBlobs blobs, TaskId id, int attempt, TimeProvider time)
{
    private const int MaxBytes = 1_024 * 1_024;
    private const int LongestMessage = 8_192;

    private static readonly byte[] LastLine = "The log has reached 1 MiB. What follows is not kept.\n"u8.ToArray();
    private static readonly int Room = MaxBytes - LastLine.Length;

    private readonly Lock _lock = new();
    private readonly string _name = TaskBlobs.LogName(id);
    private ArrayBufferWriter<byte> _said = new();

    // What is being appended. It may be in the blob already, if the answer to the request was lost.
    private byte[]? _leaving;

    /// <summary>How many bytes the log has, as far as this run knows; null if it has said nothing yet.</summary>
    public long? Size { get; private set; }

    public bool HasNews
    {
        get
        {
            lock (_lock)
            {
                return _leaving is not null || _said.WrittenCount > 0;
            }
        }
    }

    /// <summary>Adds a line, or several if the message has line breaks, with the time and the number of the attempt.</summary>
    public void Add(string message)
    {
        string text = message.Truncate(LongestMessage).ReplaceLineEndings("\n  ");
        byte[] line = Encoding.UTF8.GetBytes($"{time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} [{attempt}] {text}\n");
        lock (_lock)
        {
            // Lines beyond the limit will never be written, so they are not kept in memory.
            if (_said.WrittenCount <= MaxBytes)
            {
                _said.Write(line);
            }
        }
    }

    /// <summary>Appends what is new to the task's log.</summary>
    /// <exception cref="RequestFailedException">Storage refused or did not answer; the next call tries again.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        Size ??= (await blobs.DescribeAsync(_name, cancellationToken))?.ContentLength ?? 0;
        while (Take(Size.Value) is { } text)
        {
            if (await blobs.AppendAsync(_name, text, Size.Value, cancellationToken))
            {
                Size += text.Length;
                _leaving = null;
                continue;
            }

            // 412: the blob is longer than this run knows. Another run has appended, or this one, and the answer was lost.
            long now = (await blobs.DescribeAsync(_name, cancellationToken))?.ContentLength ?? 0;
            _leaving = now == Size + text.Length ? null : _leaving;
            Size = now;
        }
    }

    /// <summary>What to append to a log of that size; null if nothing.</summary>
    private byte[]? Take(long size)
    {
        lock (_lock)
        {
            if (_leaving is null && _said.WrittenCount > 0)
            {
                _leaving = _said.WrittenSpan.ToArray();
                _said = new();
            }

            if (_leaving is null || size + _leaving.Length <= Room)
            {
                return _leaving;
            }

            // The log is filled up to its limit before the last line, so that its size tells later runs that it is full.
            _leaving = size > Room - 4 ? null : [.. Cut(_leaving, (int)(Room - size)), .. LastLine];
            return _leaving;
        }
    }

    private static byte[] Cut(byte[] text, int length)
    {
        // The cut must not fall into the middle of a character of several bytes.
        while ((text[length - 1] & 0b1100_0000) == 0b1000_0000)
        {
            length--;
        }

        byte[] cut = text[..length];
        cut[^1] = (byte)'\n';
        return cut;
    }
}
