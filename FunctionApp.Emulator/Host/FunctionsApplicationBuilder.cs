using FunctionApp.Emulator.Durable;
using FunctionApp.Emulator.Host;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using SQLitePCL;

namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>Composes an app; here on top of ASP.NET Core, with Kestrel, the durable engine and Azurite around it.</summary>
public class FunctionsApplicationBuilder : IHostApplicationBuilder
{
    private readonly WebApplicationBuilder _builder;
    private readonly string _dataFolder;
    private readonly FileStream _lock;
    private readonly Azurite? _azurite;
    private Journal? _journal;
    private bool _released;

    internal FunctionsApplicationBuilder(string[] args)
    {
        _builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        IConfigurationBuilder configuration = _builder.Configuration;
        configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = EmulatorSettings.ReadLocalSettings() });
        configuration.AddInMemoryCollection(EmulatorSession.Current?.Settings);

        _builder.Logging.ClearProviders().AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
            console.ColorBehavior = Console.IsOutputRedirected ? LoggerColorBehavior.Disabled : LoggerColorBehavior.Enabled;
        });
        _builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // Kestrel looks once a second, so a caller who stalls waits up to two more.
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(2);
        });
        _builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(15));

        _dataFolder = EmulatorSettings.DataFolder(Configuration);
        _lock = DataFolderLock.Acquire(_dataFolder);
        try
        {
            _azurite = Azurite.StartIfNeeded(Configuration["AzureWebJobsStorage"], _dataFolder);
        }
        catch (EmulatorException)
        {
            _lock.Dispose();
            throw;
        }

        EmulatorSession.Current?.ReleaseAtEnd(Release);
    }

    public IDictionary<object, object> Properties => ((IHostApplicationBuilder)_builder).Properties;

    public ConfigurationManager Configuration => _builder.Configuration;

    IConfigurationManager IHostApplicationBuilder.Configuration => Configuration;

    public IHostEnvironment Environment => _builder.Environment;

    public ILoggingBuilder Logging => _builder.Logging;

    public IMetricsBuilder Metrics => _builder.Metrics;

    public IServiceCollection Services => _builder.Services;

    public void ConfigureContainer<TContainerBuilder>(
        IServiceProviderFactory<TContainerBuilder> factory, Action<TContainerBuilder>? configure = null)
        where TContainerBuilder : notnull
        => ((IHostApplicationBuilder)_builder).ConfigureContainer(factory, configure);

    public IHost Build()
    {
        try
        {
            return BuildHost();
        }
        catch (EmulatorException e)
        {
            throw EmulatorSession.Refuse(e);
        }
    }

    private EmulatedHost BuildHost()
    {
        var hostJson = HostJson.Read();
        var catalog = new FunctionCatalog(typeof(FunctionsApplicationBuilder).Assembly.GetTypes());
        var functions = new DurableFunctions(catalog);
        Journal journal = _journal = OpenJournal();
        TaskHubService? taskHub = null;
        StorageWatch? storage = null;
        if (StorageWatch.TableEndpoint(Configuration["AzureWebJobsStorage"]) is { } endpoint)
        {
            Services.AddHostedService(services =>
                storage = new StorageWatch(endpoint, services.GetRequiredService<ILogger<StorageWatch>>()));
        }

        Services.AddHostedService(services =>
        {
            functions.Services = services;
            return taskHub = new TaskHubService(
                new TaskHub(journal, functions, hostJson.TaskHub, services.GetRequiredService<ILoggerFactory>(), TimeProvider.System),
                storage);
        });

        WebApplication app = _builder.Build();
        app.MapFunctions(catalog.Http, hostJson.RoutePrefix, () => taskHub!.Client);
        app.Lifetime.ApplicationStopped.Register(Release);
        if (EmulatorSession.Current is { } session)
        {
            app.Lifetime.ApplicationStarted.Register(() => session.Started(app, taskHub!.Client));
        }
        else
        {
            app.Lifetime.ApplicationStarted.Register(() => Banner.Print(catalog, app.Urls, hostJson.RoutePrefix));
        }

        _azurite?.WaitUntilReady();
        return new EmulatedHost(app);
    }

    private Journal OpenJournal()
    {
        string path = Path.Combine(_dataFolder, "journal.db");
        try
        {
            return new Journal(path);
        }
        catch (Exception e) when (
            e is InvalidDataException or SqliteException { SqliteErrorCode: raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB })
        {
            throw new EmulatorException($"The journal {path} is damaged: {e.Message} Restore it, or delete it and lose its tasks.", e);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new EmulatorException($"The journal {path} cannot be written: {e.Message} Is the disk full, or the folder read-only?", e);
        }
    }

    private void Release()
    {
        if (!_released)
        {
            _released = true;
            _journal?.Dispose();
            _azurite?.Dispose();
            _lock.Dispose();
        }
    }
}

/// <summary>Integration with ASP.NET Core.</summary>
public static class FunctionsApplicationBuilderAspNetCoreExtensions
{
    /// <summary>Lets functions take <c>HttpRequest</c> and return <c>IResult</c>; here they always can.</summary>
    public static FunctionsApplicationBuilder ConfigureFunctionsWebApplication(this FunctionsApplicationBuilder builder) => builder;
}
