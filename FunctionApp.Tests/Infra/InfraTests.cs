using System.Text.Json.Nodes;
using FunctionApp.Multiply;
using FunctionApp.Tasks;
using FunctionApp.Tasks.Webhooks;

namespace FunctionApp.Tests.Infra;

/// <summary>Who may do what, what the network lets through, and which settings the app gets.</summary>
public class InfraTests
{

    private const string Account = "Microsoft.Storage/storageAccounts";
    private const string Insights = "Microsoft.Insights/components";
    private const string Site = "Microsoft.Web/sites";
    private const string TaskHub = "Microsoft.DurableTask/schedulers/taskHubs";

    // https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
    private static readonly (string Role, string Scope)[] Roles =
    [
        // Blob Data Owner: the host keeps its keys, its leases and the state of timers in blobs.
        ("b7e6dc6d-f1e8-4753-8033-0f276bb0955b", Account),
        ("974c5e8b-45b9-4653-ba55-5f855dd0fb88", Account), // Storage Queue Data Contributor
        ("0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3", Account), // Storage Table Data Contributor
        ("3913510d-42f4-4e42-8a64-420c390055eb", Insights), // Monitoring Metrics Publisher
    ];

    private static readonly (string Role, string Scope) DurableTaskDataContributor = ("0ad04412-c4d5-4796-b79c-f76d14c8d402", TaskHub);

    // A prediction takes seconds, and these choices have no part in common: two predictions are all.
    private static readonly string[] AllChoices =
        ["PRIVATE_NETWORK=true", "DURABLE_BACKEND=azureManaged", "ALERT_EMAIL=ops@example.org", "HTTP_CONCURRENCY=30"];

    public static TheoryData<string[]> Variants => new(Array.Empty<string>(), AllChoices);

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task Nothing_takes_a_key_or_a_password(string[] variant)
    {
        JsonArray resources = await Bicep.PredictAsync(variant);

        JsonNode account = One(resources, Account)["properties"]!;
        Assert.False((bool)account["allowSharedKeyAccess"]!);
        Assert.False((bool)account["allowBlobPublicAccess"]!);
        Assert.True((bool)One(resources, Insights)["properties"]!["DisableLocalAuth"]!);
        Assert.True((bool)One(resources, "Microsoft.OperationalInsights/workspaces")["properties"]!["features"]!["disableLocalAuth"]!);

        JsonNode site = One(resources, Site)["properties"]!;
        Assert.True((bool)site["httpsOnly"]!);
        Assert.Equal("Disabled", (string)site["siteConfig"]!["ftpsState"]!);
        Assert.Equal("UserAssignedIdentity", (string)site["functionAppConfig"]!["deployment"]!["storage"]!["authentication"]!["type"]!);
        JsonNode[] passwords = All(resources, $"{Site}/basicPublishingCredentialsPolicies");
        Assert.Equal(["ftp", "scm"], passwords.Select(policy => ((string)policy["name"]!).Split('/')[1]).Order());
        Assert.All(passwords, policy => Assert.False((bool)policy["properties"]!["allow"]!));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task The_identity_has_exactly_the_roles_it_needs_each_on_one_resource(string[] variant)
    {
        JsonArray resources = await Bicep.PredictAsync(variant);
        (string Role, string Scope)[] expected = variant.Length > 0 ? [.. Roles, DurableTaskDataContributor] : Roles;

        JsonNode[] assignments = All(resources, "Microsoft.Authorization/roleAssignments");

        One(resources, "Microsoft.ManagedIdentity/userAssignedIdentities");
        Assert.All(assignments, assignment => Assert.EndsWith(".outputs.principalId.value]", (string)assignment["properties"]!["principalId"]!));
        Assert.Equal(expected.Order(), assignments.Select(assignment =>
        {
            string role = ((string)assignment["properties"]!["roleDefinitionId"]!).Split('/')[^1];
            // [extensionResourceId('<scope>', …)]
            string scope = ((string)assignment["id"]!).Split('\'')[1];
            return (role, (string)resources.Single(resource => (string)resource!["id"]! == scope)!["type"]!);
        }).Order());
    }

    [Theory]
    [InlineData(typeof(SlowMultiplyOptions), "SlowMultiply")]
    [InlineData(typeof(RetentionSettings), "Retention")]
    [InlineData(typeof(WebhookSettings), "Webhook")]
    [InlineData(typeof(WaitingSettings), "Waiting")]
    public async Task Every_option_is_a_setting_of_the_sample_and_of_the_deployed_app(Type options, string section)
    {
        string[] expected = [.. options.GetProperties().Where(property => property.CanWrite).Select(property => $"{section}__{property.Name}")];

        Assert.NotEmpty(expected);
        Assert.Equal(expected.Order(), InSection(Sample()));
        Assert.Equal(expected.Order(), InSection(await SettingsAsync()));

        IEnumerable<string> InSection(JsonObject settings) => Names(settings).Where(name => name.StartsWith($"{section}__")).Order();
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task The_deployed_app_has_the_sample_s_settings_with_an_identity_in_place_of_a_connection_string(string[] variant)
    {
        JsonObject settings = await SettingsAsync(variant);
        HashSet<string> expected = Names(Sample());
        expected.ExceptWith(["AzureWebJobsStorage", "FUNCTIONS_WORKER_RUNTIME"]); // the latter is part of functionAppConfig
        expected.UnionWith(
        [
            "AzureWebJobsStorage__accountName", "AzureWebJobsStorage__clientId", "AzureWebJobsStorage__credential",
            "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
        ]);
        if (variant.Length > 0)
        {
            expected.Add("DURABLE_TASK_SCHEDULER_CONNECTION_STRING");
        }

        Assert.Equal(expected.Order(), Names(settings).Order());
        Assert.Equal("managedidentity", (string)settings["AzureWebJobsStorage__credential"]!);
        Assert.Contains(";Authorization=AAD", (string)settings["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]!);
        // A secure parameter, which no deployment shows; and Waiting__MaxRequests hangs on HTTP_CONCURRENCY.
        Assert.Equal("[parameters('webhookSecret')]", (string)settings["Webhook__Secret"]!);
        Assert.All(
            Sample().Where(setting => setting.Key is not ("Webhook__Secret" or "Waiting__MaxRequests") && (setting.Key.Contains("__") || setting.Key == "ResultsTable")),
            setting => Assert.Equal((string)setting.Value!, (string)settings[setting.Key]!));
    }

    [Fact]
    public async Task Alert_rules_are_there_for_who_wants_to_be_told_and_ask_for_metrics_that_the_app_has()
    {
        const string Rule = "Microsoft.Insights/scheduledQueryRules";
        Assert.Empty(All(await Bicep.PredictAsync(), Rule));

        JsonArray resources = await Bicep.PredictAsync(AllChoices);

        Assert.Equal("ops@example.org", (string)One(resources, "Microsoft.Insights/actionGroups")["properties"]!["emailReceivers"]![0]!["emailAddress"]!);
        JsonNode[] rules = All(resources, Rule);
        Assert.Equal(2, rules.Length);
        string telemetry = await File.ReadAllTextAsync(
            Path.Combine(TestsFolder.Path, "..", "FunctionApp", "Tasks", "TaskMetrics.cs"), TestContext.Current.CancellationToken);
        Assert.All(rules, rule =>
        {
            string query = (string)rule["properties"]!["criteria"]!["allOf"]![0]!["query"]!;
            Assert.Contains($"\"{query.Split('"')[1]}\"", telemetry);
            Assert.Single(rule["properties"]!["actions"]!["actionGroups"]!.AsArray());
        });
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task Waiting_requests_leave_room_for_others_on_an_instance(string[] variant)
    {
        JsonNode scale = One(await Bicep.PredictAsync(variant), Site)["properties"]!["functionAppConfig"]!["scaleAndConcurrency"]!;

        int concurrency = (int)scale["triggers"]!["http"]!["perInstanceConcurrency"]!;

        Assert.Equal(variant.Length == 0 ? 100 : 30, concurrency);
        Assert.Equal(concurrency / 2, int.Parse((string)(await SettingsAsync(variant))["Waiting__MaxRequests"]!));
    }

    [Fact]
    public async Task A_private_network_closes_storage_to_the_internet_and_opens_it_to_the_app()
    {
        JsonArray open = await Bicep.PredictAsync();
        Assert.Equal("Enabled", (string)One(open, Account)["properties"]!["publicNetworkAccess"]!);
        Assert.Null(One(open, Site)["properties"]!["virtualNetworkSubnetId"]);

        JsonArray resources = await Bicep.PredictAsync(AllChoices);

        JsonNode account = One(resources, Account)["properties"]!;
        Assert.Equal("Disabled", (string)account["publicNetworkAccess"]!);
        Assert.Equal("Deny", (string)account["networkAcls"]!["defaultAction"]!);
        Assert.NotNull(One(resources, Site)["properties"]!["virtualNetworkSubnetId"]);
        string[] services = ["blob", "queue", "table"];
        Assert.Equal(services, All(resources, "Microsoft.Network/privateEndpoints").Select(endpoint =>
            (string)endpoint["properties"]!["privateLinkServiceConnections"]![0]!["properties"]!["groupIds"]!.AsArray().Single()!).Order());
        Assert.Equal(services.Length, All(resources, "Microsoft.Network/privateDnsZones").Length);
    }

    [Fact]
    public async Task A_scheduler_is_what_its_host_json_names_which_else_is_host_json()
    {
        JsonNode host = Bicep.Json("host.json");
        JsonNode managed = Bicep.Json("infra/host.azureManaged.json");
        JsonNode provider = managed["extensions"]!["durableTask"]!["storageProvider"]!;

        Assert.Equal("azureManaged", (string)provider["type"]!);
        Assert.Contains((string)provider["connectionStringName"]!, await SettingsAsync(AllChoices));
        string hub = ((string)One(await Bicep.PredictAsync(AllChoices), TaskHub)["name"]!).Split('/')[^1];
        Assert.Equal(hub, (string)managed["extensions"]!["durableTask"]!["hubName"]!);

        JsonObject durable = host["extensions"]!["durableTask"]!.AsObject();
        durable["storageProvider"] = provider.DeepClone();
        Assert.True(durable.Remove("extendedSessionsEnabled") && durable.Remove("extendedSessionIdleTimeoutInSeconds"));
        Assert.True(JsonNode.DeepEquals(host, managed));
    }

    private static JsonNode One(JsonArray resources, string type) => Assert.Single(All(resources, type));

    private static JsonNode[] All(JsonArray resources, string type) =>
        [.. resources.Where(resource => (string)resource!["type"]! == type).Select(resource => resource!)];

    private static HashSet<string> Names(JsonObject settings) => [.. settings.Select(setting => setting.Key)];

    private static JsonObject Sample() => Bicep.Json("local.settings.sample.json")["Values"]!.AsObject();

    private static async Task<JsonObject> SettingsAsync(params string[] variant) =>
        One(await Bicep.PredictAsync(variant), $"{Site}/config")["properties"]!.AsObject();
}
