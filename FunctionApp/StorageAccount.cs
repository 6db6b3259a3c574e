using System.Text.RegularExpressions;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Microsoft.Extensions.Configuration;

namespace FunctionApp;

/// <summary>
/// The storage account that the setting <c>AzureWebJobsStorage</c> names, either as a connection string or as
/// <c>AzureWebJobsStorage__accountName</c> (or <c>__tableServiceUri</c>) with a managed identity, whose client ID is
/// <c>AzureWebJobsStorage__clientId</c> when it is a user-assigned one.
/// Source: https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection
/// </summary>
internal static partial class StorageAccount
{
    private const string Setting = "AzureWebJobsStorage";

    /// <summary>The table that <paramref name="setting"/> names; nothing is sent yet.</summary>
    /// <exception cref="StartupException">A setting is missing or malformed.</exception>
    public static TableClient ConnectTable(IConfiguration configuration, string setting, string defaultName)
    {
        string name = configuration[setting] is { Length: > 0 } configured ? configured : defaultName;
        if (!TableName().IsMatch(name))
        {
            throw new StartupException(
                $"The setting {setting} is \"{name}\", but a table name has 3 to 63 letters and digits and starts with a letter.");
        }

        return Connect(configuration.GetSection(Setting)).GetTableClient(name);
    }

    /// <summary>A user-assigned identity by its client ID, else the system-assigned one.</summary>
    public static ManagedIdentityId Identity(string? clientId) => string.IsNullOrWhiteSpace(clientId)
        ? ManagedIdentityId.SystemAssigned
        : ManagedIdentityId.FromUserAssignedClientId(clientId);

    private static TableServiceClient Connect(IConfigurationSection section)
    {
        if (section.Value is { Length: > 0 } connectionString)
        {
            try
            {
                return new TableServiceClient(connectionString, InteractiveOptions());
            }
            catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException)
            {
                // The value may hold a key: it is not repeated.
                throw new StartupException($"The setting {Setting} is not a valid storage connection string.", e);
            }
        }

        string? endpoint = section["tableServiceUri"] is { Length: > 0 } uri ? uri
            : section["accountName"] is { Length: > 0 } account ? $"https://{account}.table.core.windows.net"
            : throw new StartupException(
                $"The setting {Setting} is missing: set it to a connection string (\"UseDevelopmentStorage=true\" for Azurite), or set {Setting}__accountName.");
        return Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? endpointUri)
            ? new TableServiceClient(endpointUri, new ManagedIdentityCredential(Identity(section["clientId"])), InteractiveOptions())
            : throw new StartupException($"The settings of {Setting} give \"{endpoint}\", which is not a valid URI.");
    }

    // A caller waits for the answer: give up after some 6 seconds. Activities are retried by their orchestration.
    private static TableClientOptions InteractiveOptions() => new()
    {
        Retry =
        {
            Mode = RetryMode.Exponential,
            MaxRetries = 1,
            Delay = TimeSpan.FromMilliseconds(100),
            NetworkTimeout = TimeSpan.FromSeconds(3),
        },
    };

    // https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model#table-names
    [GeneratedRegex("^[A-Za-z][A-Za-z0-9]{2,62}$")]
    private static partial Regex TableName();
}
