using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace FunctionApp;

/// <summary>
/// The path under which a proxy shows this service, with which paths in answers begin: what the proxy says in the header
/// <c>X-Forwarded-Prefix</c>, or else the setting <c>PathPrefix</c>. The Functions host does not let the header through:
/// https://github.com/Azure/azure-functions-host/blob/dev/src/WebJobs.Script/Http/ScriptInvocationRequestTransformer.cs.
/// No answer has a whole URL, so what a proxy says of its host and scheme does not matter but to webhooks: <see cref="PublicUrl"/>.
/// </summary>
internal sealed partial class PathPrefix
{
    private const string Setting = nameof(PathPrefix);
    private const int MaxLength = 256;

    private readonly PathString _default;

    /// <exception cref="StartupException">The setting is no path.</exception>
    public PathPrefix(IConfiguration configuration)
    {
        string? setting = configuration[Setting];
        _default = string.IsNullOrEmpty(setting) ? PathString.Empty
            : Parse(setting) ?? throw new StartupException($"The setting {Setting} is \"{setting}\", but must be a path of at most {MaxLength} characters, such as \"/api\".");
    }

    public PathString Of(HttpRequest request) =>
        (request.Headers["X-Forwarded-Prefix"] is [{ } header] ? Parse(header) : null) ?? _default;

    private static PathString? Parse(string text) =>
        text.Length <= MaxLength && Path().IsMatch(text) ? new PathString(text.TrimEnd('/')) : default(PathString?);

    // A path that begins with two slashes would be read as the name of another host.
    [GeneratedRegex(@"^(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)+/?\z")]
    private static partial Regex Path();
}
