using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace FunctionApp;

/// <summary>
/// Where callers find this service, for links that go elsewhere, as in webhooks: the setting <c>PublicUrl</c>, or else what the request says. The
/// Functions host tells the worker to which host and by which scheme a request came, and the worker makes them the request's.
/// </summary>
public sealed class PublicUrl
{
    private const string Setting = nameof(PublicUrl);

    private readonly string? _setting;

    /// <exception cref="StartupException">The setting is no URL.</exception>
    public PublicUrl(IConfiguration configuration)
    {
        if (configuration[Setting] is { Length: > 0 } text)
        {
            _setting = Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "https" or "http" && url.Query.Length == 0 && url.Fragment.Length == 0
                ? text.TrimEnd('/')
                : throw new StartupException($"The setting {Setting} is \"{text}\", but must be a URL, such as \"https://tasks.example.com\".");
        }
    }

    /// <summary>The URL before a path of this service, without a slash at its end.</summary>
    public string Of(HttpRequest request) => _setting ?? $"{request.Scheme}://{request.Host}{request.PathBase}";
}
