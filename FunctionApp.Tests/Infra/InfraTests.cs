using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using static System.StringComparison;

namespace FunctionApp.Tests.Infra;

public class InfraTests
{
    private const string PrivateNetwork = "PRIVATE_NETWORK=true";
    private const string Scheduler = "DURABLE_BACKEND=azureManaged";

    private const string Account = "Microsoft.Storage/storageAccounts";
    private const string Insights = "Microsoft.Insights/components";
    private const string Site = "Microsoft.Web/sites";
    private const string TaskHub = "Microsoft.DurableTask/schedulers/taskHubs";

    // https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
    private static readonly (string Role, string Scope)[] Roles =
    [
        ("b7e6dc6d-f1e8-4753-8033-0f276bb0955b", Account), // Storage Blob Data Owner
        ("974c5e8b-45b9-4653-ba55-5f855dd0fb88", Account), // Storage Queue Data Contributor
        ("0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3", Account), // Storage Table Data Contributor
        ("3913510d-42f4-4e42-8a64-420c390055eb", Insights), // Monitoring Metrics Publisher
    ];

    private static readonly (string Role, string Scope) DurableTaskDataContributor = ("0ad04412-c4d5-4796-b79c-f76d14c8d402", TaskHub);

    public static TheoryData<string[]> Variants =>
        new(Array.Empty<string>(), new[] { PrivateNetwork }, new[] { Scheduler }, new[] { PrivateNetwork, Scheduler });

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task Storage_takes_no_keys_no_anonymous_readers_and_only_current_encryption(string[] variant)
    {
        JsonArray resources = await Bicep.PredictAsync(variant);
        JsonNode account = One(resources, Account)["properties"]!;

        Assert.False((bool)account["allowSharedKeyAccess"]!);
        Assert.False((bool)account["allowBlobPublicAccess"]!);
        Assert.Equal("TLS1_2", (string)account["minimumTlsVersion"]!);
        Assert.True((bool)account["supportsHttpsTrafficOnly"]!);
        Assert.All(["blobServices", "queueServices", "tableServices"], service => One(resources, $"{Account}/{service}"));
        Assert.Null(One(resources, $"{Account}/blobServices/containers")["properties"]?["publicAccess"]);
        string table = ((string)One(resources, $"{Account}/tableServices/tables")["name"]!).Split('/')[^1];
        Assert.Equal(table, (string)(await SettingsAsync(variant))["ResultsTable"]!);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task The_app_is_Flex_Consumption_and_takes_https_and_Entra_ID_only(string[] variant)
    {
        JsonArray resources = await Bicep.PredictAsync(variant);
        JsonNode site = One(resources, Site)["properties"]!;
        JsonNode config = site["functionAppConfig"]!;

        Assert.Equal("FC1", (string)One(resources, "Microsoft.Web/serverfarms")["sku"]!["name"]!);
        Assert.True((bool)site["httpsOnly"]!);
        Assert.Equal("1.2", (string)site["siteConfig"]!["minTlsVersion"]!);
        Assert.Equal("Disabled", (string)site["siteConfig"]!["ftpsState"]!);
        Assert.Equal("dotnet-isolated 10.0", $"{config["runtime"]!["name"]} {config["runtime"]!["version"]}");
        Assert.Equal("UserAssignedIdentity", (string)config["deployment"]!["storage"]!["authentication"]!["type"]!);
        Assert.Equal("UserAssigned", (string)One(resources, Site)["identity"]!["type"]!);

        JsonNode[] passwords = All(resources, $"{Site}/basicPublishingCredentialsPolicies");
        Assert.Equal(["ftp", "scm"], passwords.Select(policy => ((string)policy["name"]!).Split('/')[1]).Order());
        Assert.All(passwords, policy => Assert.False((bool)policy["properties"]!["allow"]!));
    }

    [Fact]
    public async Task Telemetry_is_taken_from_the_identity_only_and_what_it_may_cost_is_capped()
    {
        JsonArray resources = await Bicep.PredictAsync();
        JsonNode workspace = One(resources, "Microsoft.OperationalInsights/workspaces")["properties"]!;

        Assert.True((bool)One(resources, Insights)["properties"]!["DisableLocalAuth"]!);
        Assert.True((bool)workspace["features"]!["disableLocalAuth"]!);
        Assert.Equal(1, (int)workspace["workspaceCapping"]!["dailyQuotaGb"]!);
        Assert.Contains(";Authorization=AAD", (string)(await SettingsAsync())["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]!, Ordinal);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task The_identity_has_exactly_the_roles_it_needs_each_on_one_resource(string[] variant)
    {
        JsonArray resources = await Bicep.PredictAsync(variant);
        (string Role, string Scope)[] expected = variant.Contains(Scheduler) ? [.. Roles, DurableTaskDataContributor] : Roles;

        JsonNode[] assignments = All(resources, "Microsoft.Authorization/roleAssignments");

        Assert.Equal(expected.Order(), assignments.Select(assignment =>
        {
            // [guid('<scope>', <principal>, '<role>')]
            Match name = Regex.Match(
                (string)assignment["name"]!, @"^\[guid\('([^']+)', (reference\(.*\)\.outputs\.principalId\.value), '([^']+)'\)\]$");
            string scope = name.Groups[1].Value;
            Assert.StartsWith($"[extensionResourceId('{scope}', ", (string)assignment["id"]!, Ordinal);
            Assert.Equal($"[{name.Groups[2].Value}]", (string)assignment["properties"]!["principalId"]!);
            Assert.Contains("'identity-{0}'", name.Groups[2].Value, Ordinal);
            Assert.Equal("ServicePrincipal", (string)assignment["properties"]!["principalType"]!);
            Assert.EndsWith($"/roleDefinitions/{name.Groups[3].Value}", (string)assignment["properties"]!["roleDefinitionId"]!, Ordinal);
            return (name.Groups[3].Value, (string)resources.Single(resource => (string)resource!["id"]! == scope)!["type"]!);
        }).Order());
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task The_app_has_every_setting_that_its_code_or_the_sample_names_and_no_other(string[] variant)
    {
        string app = Path.Combine(Bicep.Repository, "FunctionApp");
        IEnumerable<string> code = Directory.GetFiles(app, "*.cs", SearchOption.AllDirectories)
            .Where(file => Path.GetRelativePath(app, file).Split(Path.DirectorySeparatorChar)[0] is not ("bin" or "obj"))
            .Select(Bicep.Text);
        HashSet<string> expected = [.. SettingsInCode.Find(code)];
        expected.UnionWith(Bicep.Json("local.settings.sample.json")["Values"]!.AsObject().Select(setting => setting.Key));

        // The account is named without a secret; __credential is for the host.
        Assert.Contains("AzureWebJobsStorage__accountName", expected);
        expected.ExceptWith(["AzureWebJobsStorage", "AzureWebJobsStorage__tableServiceUri"]);
        expected.Add("AzureWebJobsStorage__credential");
        expected.Remove("FUNCTIONS_WORKER_RUNTIME"); // in Flex Consumption a part of functionAppConfig
        if (variant.Contains(Scheduler))
        {
            expected.Add("DURABLE_TASK_SCHEDULER_CONNECTION_STRING");
        }

        JsonObject settings = await SettingsAsync(variant);

        Assert.Equal(expected.Order(StringComparer.Ordinal), settings.Select(setting => setting.Key).Order(StringComparer.Ordinal));
        Assert.All(settings, setting => Assert.NotEmpty((string)setting.Value!));
        Assert.Equal("managedidentity", (string)settings["AzureWebJobsStorage__credential"]!);
    }

    [Theory]
    [InlineData(PrivateNetwork, new[]
    {
        "Microsoft.Network/virtualNetworks",
        "Microsoft.Network/privateDnsZones", "Microsoft.Network/privateDnsZones", "Microsoft.Network/privateDnsZones",
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks", "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
        "Microsoft.Network/privateEndpoints", "Microsoft.Network/privateEndpoints", "Microsoft.Network/privateEndpoints",
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups", "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
    })]
    [InlineData(Scheduler, new[] { "Microsoft.DurableTask/schedulers", TaskHub, "Microsoft.Authorization/roleAssignments" })]
    public async Task An_option_brings_its_resources_and_only_it_does(string option, string[] added)
    {
        string[] without = Types(await Bicep.PredictAsync());
        string[] with = Types(await Bicep.PredictAsync(option));

        Assert.Equal(without.Concat(added).Order(), with.Order());
        Assert.Empty(without.Intersect(added).Except(["Microsoft.Authorization/roleAssignments"]));
    }

    [Fact]
    public async Task A_private_network_closes_storage_to_the_internet_and_opens_it_to_the_app()
    {
        JsonArray open = await Bicep.PredictAsync();
        Assert.Equal("Enabled", (string)One(open, Account)["properties"]!["publicNetworkAccess"]!);
        Assert.Null(One(open, Site)["properties"]!["virtualNetworkSubnetId"]);

        JsonArray resources = await Bicep.PredictAsync(PrivateNetwork);

        JsonNode account = One(resources, Account)["properties"]!;
        Assert.Equal("Disabled", (string)account["publicNetworkAccess"]!);
        Assert.Equal("Deny", (string)account["networkAcls"]!["defaultAction"]!);
        Assert.Contains("'appSubnetId'", (string)One(resources, Site)["properties"]!["virtualNetworkSubnetId"]!, Ordinal);

        JsonArray subnets = One(resources, "Microsoft.Network/virtualNetworks")["properties"]!["subnets"]!.AsArray();
        JsonNode app = subnets.Single(subnet => (string)subnet!["name"]! == "app")!;
        Assert.Equal("Microsoft.App/environments", (string)app["properties"]!["delegations"]![0]!["properties"]!["serviceName"]!);

        string[] services = ["blob", "queue", "table"];
        JsonNode[] endpoints = All(resources, "Microsoft.Network/privateEndpoints");
        Assert.All(endpoints, endpoint =>
            Assert.EndsWith("/subnets/endpoints", (string)endpoint["properties"]!["subnet"]!["id"]!, Ordinal));
        Assert.Equal(services, endpoints.Select(endpoint =>
            (string)endpoint["properties"]!["privateLinkServiceConnections"]![0]!["properties"]!["groupIds"]!.AsArray().Single()!).Order());
        Assert.Equal(
            services.Select(service => $"[format('privatelink.{{0}}.{{1}}', '{service}', environment().suffixes.storage)]"),
            All(resources, "Microsoft.Network/privateDnsZones").Select(zone => (string)zone["name"]!).Order());
    }

    [Fact]
    public async Task A_scheduler_is_paid_per_action_unless_it_has_capacity()
    {
        Assert.Equal("""{"name":"Consumption"}""", Sku(await Bicep.PredictAsync(Scheduler)));
        Assert.Equal("""{"name":"Dedicated","capacity":3}""", Sku(await Bicep.PredictAsync(Scheduler, "SCHEDULER_CAPACITY=3")));

        static string Sku(JsonArray resources) =>
            One(resources, "Microsoft.DurableTask/schedulers")["properties"]!["sku"]!.ToJsonString();
    }

    [Fact]
    public async Task A_scheduler_is_what_its_host_json_names_which_else_is_host_json()
    {
        JsonNode host = Bicep.Json("host.json");
        JsonNode managed = Bicep.Json("infra/host.azureManaged.json");
        JsonNode provider = managed["extensions"]!["durableTask"]!["storageProvider"]!;

        Assert.Equal("azureManaged", (string)provider["type"]!);
        Assert.Contains((string)provider["connectionStringName"]!, await SettingsAsync(Scheduler));
        string hub = ((string)One(await Bicep.PredictAsync(Scheduler), TaskHub)["name"]!).Split('/')[^1];
        Assert.Equal(hub, (string)managed["extensions"]!["durableTask"]!["hubName"]!);

        host["extensions"]!["durableTask"]!["storageProvider"] = provider.DeepClone();
        Assert.True(JsonNode.DeepEquals(host, managed));
    }

    [Fact]
    public async Task Scale_is_as_the_parameters_say()
    {
        Assert.Equal("""{"instanceMemoryMB":2048,"maximumInstanceCount":100,"alwaysReady":[]}""", Scale(await Bicep.PredictAsync()));
        Assert.Equal(
            """{"instanceMemoryMB":512,"maximumInstanceCount":40,"alwaysReady":[{"name":"durable","instanceCount":1},"""
            + """{"name":"http","instanceCount":2}]}""",
            Scale(await Bicep.PredictAsync(
                "INSTANCE_MEMORY_MB=512", "MAXIMUM_INSTANCE_COUNT=40", "ALWAYS_READY_INSTANCES=1", "ALWAYS_READY_HTTP_INSTANCES=2")));

        static string Scale(JsonArray resources) =>
            One(resources, Site)["properties"]!["functionAppConfig"]!["scaleAndConcurrency"]!.ToJsonString();
    }

    [Fact]
    public async Task Every_parameter_is_described_bounded_and_set_from_the_environment()
    {
        JsonObject parameters = (await Bicep.Template)["parameters"]!.AsObject();
        string values = Bicep.Text("infra/main.bicepparam");

        Assert.All(parameters, parameter =>
        {
            Assert.NotEmpty((string)parameter.Value!["metadata"]!["description"]!);
            Assert.Matches($@"(?m)^param {parameter.Key} = .*readEnvironmentVariable\('[A-Z_]+', '", values);
            if ((string)parameter.Value["type"]! == "int")
            {
                Assert.True((int)parameter.Value["minValue"]! < (int)parameter.Value["maxValue"]!);
            }
        });
        Assert.Equal(["512", "2048", "4096"], parameters["instanceMemoryMB"]!["allowedValues"]!.AsArray().Select(value => (string)value!));
        Assert.Equal((40, 1000), Range("maximumInstanceCount"));
        Assert.Equal((0, 1000), Range("alwaysReadyInstances"));
        Assert.Equal((0, 1000), Range("alwaysReadyHttpInstances"));

        (int, int) Range(string name) => ((int)parameters[name]!["minValue"]!, (int)parameters[name]!["maxValue"]!);
    }

    [Fact]
    public async Task Nothing_is_in_preview_fetched_from_a_registry_or_read_from_a_key()
    {
        Assert.All(await Bicep.PredictAsync(PrivateNetwork, Scheduler), resource =>
            Assert.Matches(@"^\d{4}-\d{2}-\d{2}$", (string)resource!["apiVersion"]!));
        Assert.DoesNotMatch(@"(?i)listKeys|listAccountSas|listSecrets", (await Bicep.Template).ToJsonString());
        Assert.All(
            Directory.GetFiles(Path.Combine(Bicep.Repository, "infra"), "*.bicep", SearchOption.AllDirectories),
            file => Assert.DoesNotMatch("'(br|ts)[:/]", Bicep.Text(file)));
    }

    [Fact]
    public async Task Azd_finds_the_app_and_where_to_deploy_it()
    {
        string azure = Bicep.Text("azure.yaml");
        JsonArray resources = await Bicep.PredictAsync();

        Assert.Contains($"\n  {One(resources, Site)["tags"]!["azd-service-name"]}:\n", azure, Ordinal);
        Assert.Equal("multiply", (string)One(resources, "Microsoft.Resources/resourceGroups")["tags"]!["azd-env-name"]!);
        string project = Regex.Match(azure, @"project: (\S+)").Groups[1].Value;
        Assert.Single(Directory.GetFiles(Path.Combine(Bicep.Repository, project), "*.csproj"));
    }

    private static JsonNode One(JsonArray resources, string type) => Assert.Single(All(resources, type));

    private static JsonNode[] All(JsonArray resources, string type) =>
        [.. resources.Where(resource => (string)resource!["type"]! == type).Select(resource => resource!)];

    private static string[] Types(JsonArray resources) => [.. resources.Select(resource => (string)resource!["type"]!)];

    private static async Task<JsonObject> SettingsAsync(params string[] variant) =>
        One(await Bicep.PredictAsync(variant), $"{Site}/config")["properties"]!.AsObject();
}
