using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace FunctionApp.Web;

/// <summary>The files of this folder, embedded in the app: it serves them itself, wherever it runs.</summary>
public static class WebFiles
{
    private const string DescriptionName = "openapi.json";

    // The pages refer to their files by this placeholder, which is replaced by a hash: each version has addresses of its own.
    private const string VersionWord = "{version}";

    /// <summary>The day of the description's example of a time in the future, as the file has it.</summary>
    internal const string FutureExample = "2030-01-31";

    // A page runs nothing but its own files, talks to nobody but this service, and stands in nobody's frame.
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly FileExtensionContentTypeProvider ContentTypes = new();
    private static readonly FrozenDictionary<string, WebFile> Files = ReadAll();
    private static readonly string Version = Hash(Files.OrderBy(file => file.Key).SelectMany(file => file.Value.Content));
    private static readonly FrozenDictionary<string, WebFile> Pages = Files.Where(file => file.Key.EndsWith(".html"))
        .ToFrozenDictionary(file => file.Key, file => file.Value.Replace(VersionWord, Version));

    /// <summary>A page. It is asked for anew each time, and sent only if it has changed.</summary>
    public static IResult Page(HttpResponse response, string name) => Answer(response, name, Pages[name], "no-cache");

    /// <summary>The API's description, with the same caching. Its example of a time in the future is one on every day.</summary>
    public static IResult Description(HttpResponse response, DateTimeOffset now) => Answer(
        response,
        DescriptionName,
        Files[DescriptionName].Replace(FutureExample, $"{now.AddDays(1):yyyy-MM-dd}"),
        "no-cache");

    /// <summary>One of the pages' files. While a new version of the app is rolled out, an old one may be asked for the new one's.</summary>
    public static IResult Asset(HttpResponse response, string version, string name) =>
        Files.TryGetValue(name, out WebFile? file)
            ? Answer(response, name, file, version == Version ? "public, max-age=31536000, immutable" : "no-store")
            : TypedResults.Problem("There is no such file.", statusCode: StatusCodes.Status404NotFound);

    private static FileContentHttpResult Answer(HttpResponse response, string name, WebFile file, string cacheControl)
    {
        response.Headers.CacheControl = cacheControl;
        response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
        response.Headers["Referrer-Policy"] = "no-referrer";
        string type = ContentTypes.TryGetContentType(name, out string? known) ? known : "application/octet-stream";
        return TypedResults.Bytes(
            file.Content,
            type.StartsWith("text/") ? $"{type}; charset=utf-8" : type,
            entityTag: file.Tag);
    }

    private static FrozenDictionary<string, WebFile> ReadAll()
    {
        Assembly assembly = typeof(WebFiles).Assembly;
        const string Prefix = "Web/";
        return assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix))
            .ToFrozenDictionary(name => name[Prefix.Length..], name => new WebFile(Read(assembly, name)));
    }

    private static byte[] Read(Assembly assembly, string name)
    {
        using Stream stream = assembly.GetManifestResourceStream(name)!;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }

    private static string Hash(IEnumerable<byte> content) => Convert.ToHexStringLower(SHA256.HashData([.. content]))[..16];

    private sealed record WebFile(byte[] Content)
    {
        /// <summary>A validator, of the content alone.</summary>
        public EntityTagHeaderValue Tag { get; } = new($"\"{Hash(Content)}\"");

        public WebFile Replace(string word, string by) => new(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Content).Replace(word, by)));
    }
}
