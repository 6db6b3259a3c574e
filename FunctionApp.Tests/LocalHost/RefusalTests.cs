using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using CliWrap;
using CliWrap.Buffered;
using DurableLocalHost;
using DurableLocalHost.WebJobs;
using Microsoft.Extensions.Configuration;

namespace FunctionApp.Tests.LocalHost;

/// <summary>What cannot be run is refused at start, on one line that says why.</summary>
public sealed class RefusalTests : LocalHostTest
{
    [Theory]
    [InlineData("SlowMultiply__Delay", "abc")]
    [InlineData("AzureWebJobsStorage", "garbage")]
    [InlineData("FUNCTIONS_WORKER_RUNTIME", "node")]
    [InlineData("AzureFunctionsJobHost__functionTimeout", "00:00:00.5")]
    public Task A_wrong_setting_is_named(string name, string value)
    {
        Settings[name] = value;
        return AssertRefusedAsync(Launch(), name.Split("__")[^1] is "functionTimeout" ? "functionTimeout" : name);
    }

    [Theory]
    [InlineData("--storage", "Redis", "can be Sqlite or AzureStorage")]
    [InlineData("--ports", "7071", "Unrecognized command or argument '--ports'")]
    [InlineData("--port", "70000", "Cannot parse argument '70000' for option '--port'")]
    [InlineData("--urls=http://localhost:7071 -p", "1", "--port and --urls both say where to listen")]
    [InlineData("--urls", "nonsense", "--urls is \"nonsense\", but must be addresses such as http://localhost:7071")]
    [InlineData("--app-folder", "/nowhere", "does not hold the build of a Functions app")]
    public Task A_wrong_option_is_named(string option, string value, string expected) =>
        AssertRefusedAsync(new LocalHostProcess([.. option.Split(' '), value], Settings), expected);

    [Theory]
    [InlineData("serviceBusTrigger", "has a binding of type serviceBusTrigger")]
    [InlineData("cosmosDB", "has a binding of type cosmosDB")]
    [InlineData("blobTrigger", "has a blobTrigger whose source is EventGrid")]
    [InlineData("http", "has 0 triggers")]
    public async Task A_function_that_needs_more_is_named(string binding, string expected)
    {
        await WriteFunctionAsync(new { type = binding, name = "x", source = "EventGrid" });

        LocalHostException e = Assert.Throws<LocalHostException>(() => AppFunction.ReadAll(Data.FullName, strict: false));

        Assert.StartsWith($"The function Strange {expected}", e.Message);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData("queueTrigger", "Orders", "AzureWebJobsStorage", "the setting Orders")]
    [InlineData("blobTrigger", "Orders", "Orders", "the setting AzureWebJobsStorage")]
    [InlineData("queueTrigger", null, "Orders", "the setting AzureWebJobsStorage")]
    [InlineData("queueTrigger", "Orders", "AzureWebJobsOrders", null)]
    [InlineData("queueTrigger", "Orders", "Orders:queueServiceUri", null)]
    public async Task A_storage_account_without_a_setting_is_named_with_its_function(string binding, string? connection, string setting, string? expected)
    {
        await WriteFunctionAsync(new { type = binding, name = "x", connection });
        (AppFunction[] functions, _) = AppFunction.ReadAll(Data.FullName, strict: true);
        IConfiguration settings = new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create(setting, (string?)"UseDevelopmentStorage=true")]).Build();

        Exception? e = Record.Exception(() => StorageAccounts.FindConnection(functions, settings));

        Assert.Equal(expected is null, e is null);
        if (expected is not null)
        {
            Assert.Contains($"The function Strange has a {binding}, and its storage account is to be in {expected}, ", Assert.IsType<LocalHostException>(e).Message);
        }
    }

    [Long]
    [Fact]
    public Task A_schedule_that_is_none_is_refused_by_the_name_of_its_function()
    {
        Settings["TickSchedule"] = "nonsense";
        return AssertRefusedAsync(LaunchSample(), "Error indexing method 'Tick': The schedule expression 'nonsense' was not recognized");
    }

    [Long]
    [Fact]
    public async Task An_address_that_is_taken_or_not_this_machines_is_refused()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        await AssertRefusedAsync(Launch(urls: $"http://{other.LocalEndpoint}"), "address already in use. Stop what does");
        await AssertRefusedAsync(Launch(urls: "http://192.0.2.1:7071"), "Choose another address");
    }

    [Long]
    [Fact]
    public async Task A_port_of_Azurite_that_something_else_has_is_refused()
    {
        var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        using var stop = new CancellationTokenSource();
        Task serve = ServeNonsenseAsync(other, stop.Token);
        Settings["AzureWebJobsStorage"] =
            $"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://{other.LocalEndpoint}/a";

        await AssertRefusedAsync(Launch(), "is taken by a program that is not Azurite");

        await stop.CancelAsync();
        await serve;
        other.Dispose();
    }

    [Long]
    [Fact]
    public async Task A_second_host_on_the_same_data_is_refused()
    {
        await using LocalHostProcess first = await StartAsync();

        await AssertRefusedAsync(Launch(), "because it is being used by another process. Stop the host that uses it");
    }

    [Fact]
    public Task A_hub_name_whose_setting_is_missing_is_refused()
    {
        Settings["AzureFunctionsJobHost__extensions__durableTask__hubName"] = "%NoSuchSetting%";
        return AssertRefusedAsync(Launch(), "hubName in host.json is \"%NoSuchSetting%\", and there is no setting NoSuchSetting");
    }

    [Long]
    [Fact]
    public async Task A_database_that_may_only_be_read_is_refused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs setpriv.");
        await using (LocalHostProcess first = await StartAsync())
        {
            await first.SignalAsync("TERM");
        }

        string file = Path.Combine(Data.FullName, "durable.db");
        await Cli.Wrap("chmod").WithArguments(["a-w", file]).ExecuteAsync();
        // Root may write it all the same, unless that right is taken away.
        string[] command = Environment.IsPrivilegedProcess ? ["setpriv", "--bounding-set", "-dac_override", "dotnet"] : ["env", "dotnet"];
        BufferedCommandResult host = await Cli.Wrap(command[0])
            .WithArguments([.. command[1..], LocalHostProcess.Program, "--data-folder", Data.FullName, "--urls", "http://127.0.0.1:0"])
            .WithEnvironmentVariables(Settings).WithValidation(CommandResultValidation.None).ExecuteBufferedAsync();
        Assert.Equal(1, host.ExitCode);
        Assert.Equal($"{file} is read-only: it must be this user's to write.", host.StandardError.TrimEnd());
    }

    [Long]
    [Fact]
    public async Task A_data_folder_that_cannot_be_made_or_written_is_refused()
    {
        string file = Path.Combine(Data.FullName, "file");
        await File.WriteAllTextAsync(file, "");
        await AssertRefusedAsync(Launch(dataFolder: file), $"The data folder {file} cannot be used: The file");

        // Nobody, root neither, can make a file here.
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs /sys.");
        await AssertRefusedAsync(Launch(dataFolder: "/sys"), "The data folder /sys cannot be used: Access to the path");
    }

    private LocalHostProcess LaunchSample() =>
        new(["--app-folder", DurableHost.AppFolder, "--data-folder", Data.FullName, "--urls", "http://127.0.0.1:0"], Settings);

    private Task WriteFunctionAsync(object binding)
    {
        object function = new { name = "Strange", language = "dotnet-isolated", bindings = new[] { binding } };
        return File.WriteAllTextAsync(Path.Combine(Data.FullName, "functions.metadata"), JsonSerializer.Serialize(new[] { function }));
    }

    private static async Task ServeNonsenseAsync(TcpListener listener, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                using TcpClient client = await listener.AcceptTcpClientAsync(stop);
                await client.GetStream().WriteAsync("nonsense\r\n"u8.ToArray(), stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
