using System.Text.Json;
using FunctionApp.Tasks;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace FunctionApp.Train;

/// <summary>
/// A CSV file with a header, of which every column is of numbers or of texts. ML.NET reads it several times, and as a file on disk: so there is a
/// copy, for as long as this is not disposed.
/// </summary>
internal sealed class Table : IDisposable
{
    private const int RowsToLookAt = 1_000;

    private readonly string _path;

    private Table(string path, Dictionary<string, DataKind> columns) => (_path, Columns) = (path, columns);

    /// <summary>Name to type, in the file's order.</summary>
    public IReadOnlyDictionary<string, DataKind> Columns { get; }

    /// <exception cref="PermanentFailureException">It has no header, or a column twice.</exception>
    public static async Task<Table> ReadAsync(TaskFile file, CancellationToken cancellationToken)
    {
        string path = Path.GetTempFileName();
        try
        {
            await using (Stream sent = await file.OpenAsync(cancellationToken))
            await using (FileStream copy = File.Create(path))
            {
                await sent.CopyToAsync(copy, cancellationToken);
            }

            return new Table(path, FindColumns(path));
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    public IDataView Load(MLContext ml, IReadOnlyDictionary<string, DataKind>? types = null) => ml.Data.LoadFromTextFile(_path, new TextLoader.Options
    {
        Columns = [.. Columns.Select((column, index) => new TextLoader.Column(column.Key, types?.GetValueOrDefault(column.Key, column.Value) ?? column.Value, index))],
        HasHeader = true,
        Separators = [','],
        AllowQuoting = true,
    });

    public void Dispose() => File.Delete(_path);

    private static Dictionary<string, DataKind> FindColumns(string path)
    {
        string[][] lines = [.. File.ReadLines(path).Take(RowsToLookAt + 1).Where(line => line.Length > 0).Select(line => line.Split(','))];
        string[] names = lines.Length > 1 ? [.. lines[0].Select(name => name.Trim().Trim('"'))] : [];
        if (names.Length == 0 || names.Contains("") || names.Distinct().Count() < names.Length)
        {
            throw new PermanentFailureException("The table needs a line with the columns' names, each once, and rows below.", "bad_table");
        }

        return names.Index().ToDictionary(column => column.Item, column => IsNumber(column.Index) ? DataKind.Single : DataKind.String);

        bool IsNumber(int index) => lines.Skip(1).All(line =>
            index >= line.Length || line[index].Length == 0 || float.TryParse(line[index], NumberStyles.Float, CultureInfo.InvariantCulture, out _));
    }
}

internal static class QueryTexts
{
    /// <summary>A parameter's text; empty where it was wrong, which the members' errors say.</summary>
    public static string GetStringOrEmpty(this JsonElement parameter) =>
        parameter.ValueKind == JsonValueKind.String ? parameter.GetString()! : "";
}
