using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DurableLocalHost.Http;
using Microsoft.Extensions.Primitives;

namespace DurableLocalHost;

/// <summary>
/// The keys of a host that asks its callers for them, in the header <c>x-functions-key</c> or the query's <c>code</c>. They are made once
/// per data folder, and kept there in a file that this user alone may read.
/// </summary>
/// <param name="Master">For everything, and alone for functions of the level Admin and for <c>/admin</c>.</param>
/// <param name="Host">For all functions of the level Function.</param>
/// <param name="Durable">For the Durable extension's management API, whose links hold it, and for functions of the level System.</param>
/// <param name="Functions">By the name of an HTTP function, for that one only, if it has the level Function.</param>
public sealed record AccessKeys(string Master, string Host, string Durable, IReadOnlyDictionary<string, string> Functions)
{
    internal const string Header = "x-functions-key";

    private const string FileName = "keys.json";
    private const int Bytes = 40; // as the Functions host has it

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Reads the keys in a data folder, or makes them, and makes those that a function lacks.</summary>
    /// <exception cref="LocalHostException">The file cannot be read or written.</exception>
    internal static AccessKeys Open(string dataFolder, IEnumerable<AppFunction> functions)
    {
        string file = Path.Combine(dataFolder, FileName);
        try
        {
            AccessKeys known = File.Exists(file)
                ? JsonSerializer.Deserialize<AccessKeys>(File.ReadAllText(file), Json) ?? throw new JsonException("There are none.")
                : new AccessKeys(NewKey(), NewKey(), NewKey(), new Dictionary<string, string>());
            Dictionary<string, string> all = new(known.Functions, StringComparer.OrdinalIgnoreCase);
            bool isComplete = File.Exists(file);
            foreach (AppFunction function in functions.Where(function => function.Trigger.IsHttp))
            {
                isComplete &= !all.TryAdd(function.Name, NewKey());
            }

            AccessKeys keys = known with { Functions = all };
            if (!isComplete)
            {
                Write(file, JsonSerializer.SerializeToUtf8Bytes(keys, Json));
            }

            return keys;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new LocalHostException($"The keys in {file} cannot be used: {JsonFile.Explain(e)} Delete the file, and new ones are made.", e);
        }
    }

    /// <summary>The level that a request's key has for a function; null without a key that is known.</summary>
    /// <param name="function">The function's name; null if it is for none.</param>
    internal AccessLevel? Read(HttpRequest request, string? function)
    {
        string given = $"{(request.Headers.TryGetValue(Header, out StringValues header) ? header[0] : request.Query["code"].FirstOrDefault())}";
        return given is "" ? null
            : IsSame(given, Master) ? AccessLevel.Admin
            : IsSame(given, Durable) ? AccessLevel.System
            : IsSame(given, Host) || (function is not null && IsSame(given, Functions[function])) ? AccessLevel.Function
            : null;
    }

    // URL-safe, and so that a key in a query needs no escape.
    private static string NewKey() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    private static bool IsSame(string given, string key) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(key));

    // Whole or not at all, however the process ends.
    private static void Write(string file, byte[] content)
    {
        string part = $"{file}.part";
        File.Delete(part);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var stream = new FileStream(part, options))
        {
            stream.Write(content);
        }

        File.Move(part, file, overwrite: true);
    }
}
