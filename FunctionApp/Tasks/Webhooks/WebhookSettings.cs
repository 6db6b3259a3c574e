using System.Net;
using Microsoft.Extensions.Configuration;

namespace FunctionApp.Tasks.Webhooks;

/// <summary>The settings <c>Webhook__Secret</c> and <c>Webhook__AllowedHosts</c>.</summary>
public sealed class WebhookSettings
{
    private const int MaxUrlLength = 2_048;
    private const string SecretPrefix = "whsec_";

    /// <summary>Signs webhooks: <c>whsec_</c> and the base64 of 24 to 64 bytes; null if webhooks are off.</summary>
    public string? Secret { get; set; }

    /// <summary>Each <c>host</c> or <c>host:port</c>, which may then be at any address and be reached by http too.</summary>
    public IReadOnlyList<string> AllowedHosts { get; set; } = [];

    /// <exception cref="StartupException">The secret is malformed.</exception>
    public static void Read(WebhookSettings settings, IConfiguration configuration)
    {
        settings.Secret = configuration["Webhook:Secret"] is { Length: > 0 } secret ? secret : null;
        settings.AllowedHosts =
            configuration["Webhook:AllowedHosts"]?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (settings.Secret is not null && !IsSecret(settings.Secret))
        {
            // The value is not repeated.
            throw new StartupException("The setting Webhook__Secret must be \"whsec_\" and the base64 of 24 to 64 random bytes.");
        }
    }

    /// <summary>What is wrong with a webhook's URL; null if nothing is.</summary>
    public string? Refusal(string? url)
    {
        if (Secret is null)
        {
            return "cannot be used: webhooks are not configured";
        }

        if (url is not { Length: <= MaxUrlLength } || !Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) || uri.UserInfo.Length > 0)
        {
            return $"must be one absolute URL of at most {MaxUrlLength:N0} characters, without a user name";
        }

        if (IsAllowed(uri))
        {
            return uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp ? null : "must be an https URL";
        }

        return uri.Scheme != Uri.UriSchemeHttps ? "must be an https URL"
            : IPAddress.TryParse(uri.DnsSafeHost, out IPAddress? address) && !PublicAddress.Is(address) ? "must name a public address"
            : null;
    }

    /// <summary>Whether the URL's host is one of <see cref="AllowedHosts"/>.</summary>
    public bool IsAllowed(Uri url) =>
        AllowedHosts.Contains(url.Host, StringComparer.OrdinalIgnoreCase)
        || AllowedHosts.Contains($"{url.Host}:{url.Port}", StringComparer.OrdinalIgnoreCase);

    private static bool IsSecret(string secret)
    {
        Span<byte> key = stackalloc byte[65];
        return secret.StartsWith(SecretPrefix)
            && Convert.TryFromBase64String(secret[SecretPrefix.Length..], key, out int length)
            && length is >= 24 and <= 64;
    }
}
