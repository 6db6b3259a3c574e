using System.Text.Json;

namespace FunctionApp.Tasks;

/// <summary>
/// What an activity's work has and tells: how far it has come, what it says, what it leaves. To report, to save and to log costs nothing:
/// the heartbeat writes what is new now and then.
/// </summary>
public sealed class TaskProgress
{
    /// <summary>The largest checkpoint, in bytes of JSON.</summary>
    public const int MaxCheckpointBytes = 16 * 1024;

    private readonly Lock _lock = new();
    private readonly BinaryData? _saved;
    private readonly RunLog? _log;
    private readonly RunOutputs? _outputs;
    private Report _latest;

    /// <param name="saved">The last attempt's checkpoint.</param>
    /// <param name="log">Null for an item of a batch.</param>
    /// <param name="outputs">Null for an item of a batch.</param>
    internal TaskProgress(BinaryData? saved = null, RunLog? log = null, RunOutputs? outputs = null)
    {
        (_saved, _log, _outputs) = (saved, log, outputs);
    }

    /// <summary>The file that was sent, if the kind takes bodies as they are; else null.</summary>
    public TaskFile? Input { get; internal set; }

    internal Report Latest
    {
        get
        {
            lock (_lock)
            {
                return _latest;
            }
        }
    }

    /// <summary>Replaces the earlier report, unless that said more: progress never goes backwards.</summary>
    /// <param name="fraction">The share of the work that is done, 0 to 1.</param>
    /// <param name="message">What goes on, in at most 256 characters; what is longer is cut.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="fraction"/> is below 0, above 1 or not a number.</exception>
    public void Report(double fraction, string? message = null)
    {
        if (!(fraction is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "Progress is a number from 0 to 1.");
        }

        lock (_lock)
        {
            _latest = _latest with
            {
                Fraction = Math.Max(fraction, _latest.Fraction ?? 0),
                Message = (message ?? _latest.Message)?.Truncate(TaskRow.MaxMessageLength),
            };
        }
    }

    /// <summary>
    /// Adds a line to the task's log, with the time and the attempt's number; a second or two later callers can read it. The log has at most
    /// 1 MiB, a message 8,192 characters. The items of a batch have no log.
    /// </summary>
    public void Log(string message) => _log?.Add(message);

    /// <summary>
    /// Begins a file that the task leaves, for callers to download once it has succeeded; up to 20. What is written goes to storage as it
    /// comes, a few MiB at a time. Dispose of the stream to end the file. A later attempt begins its files anew.
    /// </summary>
    /// <param name="name">Up to 100 letters, digits, - and _, with single dots between them; one that was written before is replaced.</param>
    /// <param name="contentType">Such as <c>application/zip</c>.</param>
    /// <exception cref="ArgumentException">The name or the content type is none.</exception>
    /// <exception cref="InvalidOperationException">There are 20 files already, or this is an item of a batch, which can leave none.</exception>
    public Task<Stream> OpenOutputAsync(string name, string contentType, CancellationToken cancellationToken = default) =>
        _outputs?.OpenAsync(name, contentType, cancellationToken) ?? throw new InvalidOperationException("An item of a batch can leave no files.");

    /// <summary>
    /// Keeps a state from which the work can go on, in place of the one before: should this attempt break off, the next one
    /// finds it in <see cref="Saved"/>. What was saved in the last two seconds before a crash may be missing. The items of a
    /// batch have no checkpoints.
    /// </summary>
    /// <param name="state">Serializable as JSON of at most 16 KiB; what is larger belongs into storage of the kind's own.</param>
    /// <exception cref="ArgumentException">It is larger.</exception>
    public void Save<TState>(TState state)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(state, TaskJson.Options);
        if (json.Length > MaxCheckpointBytes)
        {
            throw new ArgumentException(
                $"The checkpoint has {json.Length:N0} bytes of JSON, but at most {MaxCheckpointBytes:N0} can be kept.", nameof(state));
        }

        lock (_lock)
        {
            _latest = _latest with { Checkpoint = new BinaryData(json) };
        }
    }

    /// <summary>What an earlier attempt has saved last; the type's default value if there is nothing.</summary>
    public TState? Saved<TState>() => _saved is null ? default : _saved.ToObjectFromJson<TState>(TaskJson.Options);
}

/// <summary>What the work has told last.</summary>
/// <param name="Fraction">Null until the first report.</param>
internal readonly record struct Report(double? Fraction, string? Message, BinaryData? Checkpoint);
