namespace DurableLocalHost;

/// <summary>The app's local.settings.json, as Core Tools reads it: app settings, connection strings, and how to serve the app.</summary>
internal sealed class LocalSettings
{
    private const string FileName = "local.settings.json";
    private const string SampleFileName = "local.settings.sample.json";

    private readonly IConfigurationRoot _file;

    private LocalSettings(IConfigurationRoot file) => _file = file;

    /// <summary>App settings, and connection strings by the names of their settings.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Values =>
    [
        .. _file.GetSection("Values").AsEnumerable(makePathsRelative: true),
        // One is a text, or an object that also names a provider.
        .. _file.GetSection("ConnectionStrings").GetChildren()
            .Select(one => KeyValuePair.Create($"ConnectionStrings:{one.Key}", one.Value ?? one["ConnectionString"])),
    ];

    /// <summary>The port to listen on.</summary>
    public int Port { get; private init; } = 7071;

    /// <summary>The origins whose pages may read answers; <c>*</c> is any.</summary>
    public string[] CorsOrigins => _file["Host:CORS"]?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    /// <summary>They may also send cookies and credentials.</summary>
    public bool CorsCredentials { get; private init; }

    /// <summary>The file beside the app's build, or the sample of it there.</summary>
    /// <param name="substitute">What serves if there is neither.</param>
    /// <exception cref="LocalHostException">It cannot be read or is encrypted, or a value in it is none.</exception>
    public static LocalSettings Read(string appFolder, string? substitute)
    {
        string path = Path.Combine(appFolder, FileName);
        string? given = Array.Find([path, Path.Combine(appFolder, SampleFileName)], File.Exists) ?? substitute;
        IConfigurationRoot file = given is null ? new ConfigurationBuilder().Build() : JsonFile.Read(appFolder, given);
        if (Read(file, path, "IsEncrypted", bool.Parse, "true or false"))
        {
            throw new LocalHostException($"{path} is encrypted, and the key is Core Tools': decrypt it by 'func settings decrypt'.");
        }

        bool isCredentials = Read(file, path, "Host:CORSCredentials", bool.Parse, "true or false");
        if (isCredentials && file["Host:CORS"]?.Trim() is "*")
        {
            throw new LocalHostException($"{path} has Host.CORSCredentials for any origin, which browsers do not take: name the origins in Host.CORS.");
        }

        int port = Read(file, path, "Host:LocalHttpPort", text => ushort.Parse(text), "a port");
        return new LocalSettings(file)
        {
            Port = port is 0 ? 7071 : port,
            CorsCredentials = isCredentials,
        };
    }

    private static T? Read<T>(IConfigurationRoot file, string path, string name, Func<string, T> parse, string kind)
    {
        try
        {
            return file[name] is { Length: > 0 } text ? parse(text) : default;
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw new LocalHostException($"{path} has \"{file[name]}\" for {name.Replace(':', '.')}, which must be {kind}.", e);
        }
    }
}
