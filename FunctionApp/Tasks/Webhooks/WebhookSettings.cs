using System.Net;
using Microsoft.Extensions.Configuration;

namespace FunctionApp.Tasks.Webhooks;

/// <summary>The settings <c>Webhook__Secret</c>, <c>Webhook__AllowedHosts</c> and <c>Webhook__MaxDeliveries</c>.</summary>
public sealed class WebhookSettings
{
    private const int MaxUrlLength = 2_048;
    private const string SecretPrefix = "whsec_";

    /// <summary>
    /// Signs webhooks: <c>whsec_</c> and the base64 of 24 to 64 bytes. While it is changed, the new one, a space and the old
    /// one: each signs, so that receivers may verify with either. Null if webhooks are off.
    /// </summary>
    public string? Secret { get; set; }

    /// <summary>Those that sign, the current one first.</summary>
    public IReadOnlyList<string> Secrets => Secret?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>Each <c>host</c> or <c>host:port</c>, which may then be at any address and be reached by http too.</summary>
    public IReadOnlyList<string> AllowedHosts { get; set; } = [];

    /// <summary>How many this process sends at a time, half of them to one host; null for a quarter of the host's activity slots.</summary>
    public int? MaxDeliveries { get; set; }

    /// <exception cref="StartupException">The secret or the number is malformed.</exception>
    public static void Read(WebhookSettings settings, IConfiguration configuration)
    {
        settings.Secret = string.IsNullOrWhiteSpace(configuration["Webhook:Secret"]) ? null : configuration["Webhook:Secret"];
        settings.AllowedHosts =
            configuration["Webhook:AllowedHosts"]?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
        settings.MaxDeliveries = configuration.ReadInteger("Webhook__MaxDeliveries", minimum: 1, maximum: 1_000);
        if (!settings.Secrets.All(IsSecret))
        {
            // The value is a secret, so the message does not repeat it.
            throw new StartupException(
                "The setting Webhook__Secret must be \"whsec_\" and the base64 of 24 to 64 random bytes, or several such, divided by spaces.");
        }
    }

    /// <summary>What is wrong with a webhook's URL; null if nothing is.</summary>
    public string? Refusal(string? url)
    {
        if (Secret is null)
        {
            return "cannot be used: webhooks are not configured";
        }

        if (url is not { Length: <= MaxUrlLength } || !Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) || uri.UserInfo.Length > 0 || !HasName(uri))
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

    // A host of characters that no name can have is found out only when its name is asked for.
    private static bool HasName(Uri url)
    {
        try
        {
            return url.IdnHost.Length > 0;
        }
        catch (UriFormatException)
        {
            return false;
        }
    }
}
