using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace FunctionApp.Tasks;

/// <summary>A file that the work has written, as the row has it.</summary>
internal sealed record OutputFile(string Name, string Type, long Size);

/// <summary>The files that one run of a task's work writes, in a folder of its own: only those of the run that ends the task are ever seen.</summary>
internal sealed partial class RunOutputs(TaskBlobs blobs, TaskId id)
{
    public const int MaxCount = 20;
    private const int LongestName = 100;
    private const int LongestType = 100;

    private readonly Dictionary<string, Stream> _opened = [];
    private readonly Lock _lock = new();

    /// <summary>The run's own name, which is that of its folder and, if it is the one that counts, stands in the row.</summary>
    public string Run { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Whether there may be any.</summary>
    public bool HasAny
    {
        get
        {
            lock (_lock)
            {
                return _opened.Count > 0;
            }
        }
    }

    /// <summary>Begins a file, in place of one of that name that the run has written before.</summary>
    /// <exception cref="ArgumentException">The name or the content type is none.</exception>
    /// <exception cref="InvalidOperationException">There are 20 files already.</exception>
    public async Task<Stream> OpenAsync(string name, string contentType, CancellationToken cancellationToken)
    {
        if (name.Length > LongestName || !Name().IsMatch(name))
        {
            throw new ArgumentException($"\"{name}\" is no name for a file: it has letters, digits, - and _, with single dots between them, {LongestName} characters at most.", nameof(name));
        }

        if (contentType.Length > LongestType || !MediaTypeHeaderValue.TryParse(contentType, out _))
        {
            throw new ArgumentException($"\"{contentType}\" is no content type.", nameof(contentType));
        }

        lock (_lock)
        {
            if (!_opened.ContainsKey(name) && _opened.Count == MaxCount)
            {
                throw new InvalidOperationException($"A task has {MaxCount} files at most.");
            }

            _opened[name] = Stream.Null;
        }

        Stream file = await blobs.OpenWriteAsync(TaskBlobs.FileName(id, Run, name), contentType, cancellationToken);
        lock (_lock)
        {
            _opened[name] = file;
        }

        return file;
    }

    /// <summary>Closes what the work has left open; the files as JSON for the row, null if there are none.</summary>
    public async Task<string?> CloseAsync(CancellationToken cancellationToken)
    {
        if (!HasAny)
        {
            return null;
        }

        foreach (Stream file in _opened.Values)
        {
            await file.DisposeAsync();
        }

        return JsonSerializer.Serialize(await blobs.ListFilesAsync(id, Run, cancellationToken), JsonSerializerOptions.Web);
    }

    /// <summary>The files that a row names.</summary>
    public static OutputFile[] Read(TaskRow row) => row.Files is null ? [] : JsonSerializer.Deserialize<OutputFile[]>(row.Files, JsonSerializerOptions.Web)!;

    // Safe in a path, a header and a file system.
    [GeneratedRegex(@"^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\z")]
    private static partial Regex Name();
}
