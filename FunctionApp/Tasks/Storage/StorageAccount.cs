using System.Text.RegularExpressions;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Configuration;

namespace FunctionApp;

/// <summary>
/// The storage account that the setting <c>AzureWebJobsStorage</c> names, either as a connection string or as
/// <c>AzureWebJobsStorage__accountName</c> (or <c>__tableServiceUri</c> and <c>__blobServiceUri</c>) with a managed identity, whose client ID is
/// <c>AzureWebJobsStorage__clientId</c> when it is a user-assigned one.
/// Source: https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection
/// </summary>
internal static partial class StorageAccount
{
    private const string Setting = "AzureWebJobsStorage";

    // A caller waits for the answer: give up after some 6 seconds.
    private static readonly Action<RetryOptions> Interactive = retry =>
    {
        retry.MaxRetries = 1;
        retry.Delay = TimeSpan.FromMilliseconds(100);
        retry.NetworkTimeout = TimeSpan.FromSeconds(3);
    };

    // An activity that gave up would do its work again: so it waits for storage through an outage of a minute.
    private static readonly Action<RetryOptions> Patient = retry =>
    {
        retry.MaxRetries = 10;
        retry.Delay = TimeSpan.FromMilliseconds(200);
        retry.MaxDelay = TimeSpan.FromSeconds(15);
        retry.NetworkTimeout = TimeSpan.FromSeconds(10);
    };

    /// <summary>Name of the table that a setting gives.</summary>
    /// <exception cref="StartupException">It cannot be the name of a table.</exception>
    public static string ReadTableName(IConfiguration configuration, string setting, string defaultName)
    {
        string name = configuration[setting] is { Length: > 0 } configured ? configured : defaultName;

        // Names of other tables are made from it by appending up to five characters; 63 is the limit of Table Storage.
        return TableName().IsMatch(name) ? name : throw new StartupException(
            $"The setting {setting} is \"{name}\", but must be a name of 3 to 58 letters and digits that starts with a letter.");
    }

    /// <summary>A client for requests, which fails soon when storage does not answer; nothing is sent yet.</summary>
    /// <exception cref="StartupException">A setting is missing or malformed.</exception>
    public static TableServiceClient ConnectInteractive(IConfiguration configuration) =>
        Connect(configuration.GetSection(Setting), Interactive);

    /// <summary>A client for work in the background, which rides out an outage of a minute; nothing is sent yet.</summary>
    /// <exception cref="StartupException">A setting is missing or malformed.</exception>
    public static TableServiceClient ConnectPatient(IConfiguration configuration) =>
        Connect(configuration.GetSection(Setting), Patient);

    /// <summary>A client for the blobs of the same account, for requests; nothing is sent yet.</summary>
    /// <exception cref="StartupException">A setting is missing or malformed.</exception>
    public static BlobServiceClient ConnectBlobsInteractive(IConfiguration configuration) =>
        ConnectBlobs(configuration.GetSection(Setting), Interactive);

    /// <summary>The same for work in the background.</summary>
    /// <exception cref="StartupException">A setting is missing or malformed.</exception>
    public static BlobServiceClient ConnectBlobsPatient(IConfiguration configuration) =>
        ConnectBlobs(configuration.GetSection(Setting), Patient);

    /// <summary>A user-assigned identity by its client ID, else the system-assigned one.</summary>
    public static ManagedIdentityId Identity(string? clientId) => string.IsNullOrWhiteSpace(clientId)
        ? ManagedIdentityId.SystemAssigned
        : ManagedIdentityId.FromUserAssignedClientId(clientId);

    private static TableServiceClient Connect(IConfigurationSection section, Action<RetryOptions> retry)
    {
        var options = new TableClientOptions();
        retry(options.Retry);
        return Connect(
            section, "table", text => new TableServiceClient(text, options), (uri, identity) => new TableServiceClient(uri, identity, options));
    }

    private static BlobServiceClient ConnectBlobs(IConfigurationSection section, Action<RetryOptions> retry)
    {
        var options = new BlobClientOptions();
        retry(options.Retry);
        return Connect(
            section, "blob", text => new BlobServiceClient(text, options), (uri, identity) => new BlobServiceClient(uri, identity, options));
    }

    private static T Connect<T>(IConfigurationSection section, string service, Func<string, T> byText, Func<Uri, TokenCredential, T> byUri)
    {
        if (section.Value is { Length: > 0 } connectionString)
        {
            try
            {
                return byText(connectionString);
            }
            catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
            {
                // The value may hold an account key, so the message does not repeat it.
                throw new StartupException($"The setting {Setting} is not a valid storage connection string.", e);
            }
        }

        string? endpoint = section[$"{service}ServiceUri"] is { Length: > 0 } uri ? uri
            : section["accountName"] is { Length: > 0 } account ? $"https://{account}.{service}.core.windows.net"
            : throw new StartupException(
                $"The setting {Setting} is missing: set it to a connection string (\"UseDevelopmentStorage=true\" for Azurite), or set {Setting}__accountName, or {Setting}__tableServiceUri and {Setting}__blobServiceUri.");
        try
        {
            // The client throws an ArgumentException for a URL of http, to which it must not send a token.
            var url = new Uri(endpoint);
            return url.Scheme is "https" or "http"
                ? byUri(url, new ManagedIdentityCredential(Identity(section["clientId"])))
                : throw new UriFormatException(url.Scheme);
        }
        catch (Exception e) when (e is UriFormatException or ArgumentException)
        {
            throw new StartupException($"The settings of {Setting} give \"{endpoint}\", which is not a valid URL of https.", e);
        }
    }

    // https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model#table-names
    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9]{2,57}\z")]
    private static partial Regex TableName();
}
