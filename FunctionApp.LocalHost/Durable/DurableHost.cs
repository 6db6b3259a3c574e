using FunctionApp.LocalHost.Worker;
using FunctionApp.LocalHost.Worker.Protocol;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Azure.WebJobs.Host.Config;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace FunctionApp.LocalHost.Durable;

/// <summary>The genuine Durable extension, in a WebJobs host, whose functions are the worker's.</summary>
internal sealed class DurableHost : IAsyncDisposable
{
    /// <summary>Where the extension's management API is served.</summary>
    public const string WebHookPath = "/runtime/webhooks/durabletask";

    private readonly IHost _host;
    private readonly DurableFunctions _functions;

    /// <param name="address">The public address of this host, which links to the management API begin with.</param>
    /// <param name="addStorage">Registers a storage provider that the extension does not bring along.</param>
    public DurableHost(
        IReadOnlyList<AppFunction> functions,
        WorkerSupervisor workers,
        IConfiguration configuration,
        ILoggerFactory loggers,
        Uri address,
        Action<IServiceCollection> addStorage)
    {
        _functions = DurableFunctions.Create(functions);
        var byName = functions.ToDictionary(function => function.Name);
        _functions.Invoker = (name, input, data) => InvokeAsync(workers, byName[name], input, data);
        var answers = new Answers(_functions, new Uri(address, WebHookPath));
        _host = new HostBuilder()
            .ConfigureWebJobs(builder => builder.AddDurableTask())
            .ConfigureAppConfiguration(builder => builder.AddConfiguration(configuration))
            .ConfigureServices(services =>
            {
                services.ShareLog(loggers);
                services.AddSingleton<ITypeLocator>(answers);
                services.AddSingleton<IJobActivator>(answers);
#pragma warning disable CS0618
                services.AddSingleton<IWebHookProvider>(answers);
#pragma warning restore CS0618
                addStorage(services);
            })
            .Build();
    }

    /// <summary>What a worker's durable client is made of, once the host has started.</summary>
    public string Client => _functions.Client.Task.Result;

    public async Task StartAsync()
    {
        await _host.StartAsync();
        await _host.Services.GetRequiredService<IJobHost>().CallAsync(DurableFunctions.ClientFunction);
    }

    /// <summary>Takes no more work; what runs may end.</summary>
    public Task StopAsync() => _host.StopAsync();

    /// <summary>Answers a request of the management API.</summary>
    public Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        _host.Services.GetServices<IExtensionConfigProvider>()
            .OfType<IAsyncConverter<HttpRequestMessage, HttpResponseMessage>>().Single()
            .ConvertAsync(request, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
    }

    private async Task<object?> InvokeAsync(
        WorkerSupervisor workers, AppFunction function, string input, IReadOnlyDictionary<string, object> data)
    {
        // What goes on after a restart may come before the client is known.
        string client = function.Clients.Count == 0 ? "" : await _functions.Client.Task;
        InvocationRequest request = function.CreateRequest(Guid.NewGuid().ToString(), new TypedData { String = input }, client);
        foreach ((string name, object value) in data)
        {
            if (value is string text)
            {
                request.TriggerMetadata[name] = new TypedData { String = text };
            }
        }

        TypedData? result = await workers.InvokeAsync(function.Name, request);
        return result?.DataCase switch
        {
            // Without the cast all would become a JToken.
            TypedData.DataOneofCase.String => (object)result.String,
            TypedData.DataOneofCase.Json => ParseJson(result.Json),
            TypedData.DataOneofCase.Int => result.Int,
            TypedData.DataOneofCase.Double => result.Double,
            TypedData.DataOneofCase.Bytes => result.Bytes.ToByteArray(),
            _ => null,
        };
    }

    // A text that looks like a date stays a text.
    private static JToken ParseJson(string json)
    {
        using var reader = new JsonTextReader(new StringReader(json)) { DateParseHandling = DateParseHandling.None, MaxDepth = null };
        return JToken.ReadFrom(reader);
    }

    /// <summary>What WebJobs asks of a host: the class with the functions, its one instance, and the address of an extension's web hook.</summary>
#pragma warning disable CS0618 // The extension needs IWebHookProvider all the same.
    private sealed class Answers(DurableFunctions functions, Uri webHook) : ITypeLocator, IJobActivator, IWebHookProvider
#pragma warning restore CS0618
    {
        public IReadOnlyList<Type> GetTypes() => [functions.GetType()];

        public T CreateInstance<T>() => (T)(object)functions;

        public Uri GetUrl(IExtensionConfigProvider extension) => webHook;
    }
}
