using Microsoft.Azure.WebJobs.Host;
using Microsoft.Azure.WebJobs.Host.Config;

namespace DurableLocalHost.WebJobs;

/// <summary>
/// What WebJobs, which knows functions as methods, calls in place of the app's. <see cref="FunctionEmitter"/> derives a class from it
/// with a method for each function; that is why it is public. It also answers what WebJobs asks of a host: the class with the
/// functions, its one instance, and the address of an extension's web hook.
/// </summary>
public abstract class JobFunctions : ITypeLocator, IJobActivator, IWebHookProvider
{
    /// <summary>Those of the app, by their names.</summary>
    internal IReadOnlyDictionary<string, AppFunction> Functions { get; set; } = null!;

    internal WorkerSupervisor Workers { get; set; } = null!;

    /// <summary>Where the Durable extension's management API is served; links to it begin with that.</summary>
    internal Func<Uri> WebHook { get; set; } = null!;

    public IReadOnlyList<Type> GetTypes() => [GetType()];

    public T CreateInstance<T>() => (T)(object)this;

    public Uri GetUrl(IExtensionConfigProvider extension) => WebHook();

    /// <summary>Called by the emitted methods, to run the function of that name.</summary>
    protected async Task<object?> InvokeAsync(object input, Binder binder, string function)
    {
        BindingData.AddProperties(binder.BindingData, input as string);
        WorkerLink worker = await Workers.ReadyAsync();
        InvocationResponse answer = await StorageBindings.InvokeAsync(
            worker, Functions[function], Guid.NewGuid().ToString(), Values.ToTypedData(input), binder);
        return Values.FromTypedData(answer.ReturnValue);
    }

    /// <summary>Called by the emitted method <see cref="FunctionEmitter.ClientFunction"/>.</summary>
    protected void SetClient(string client) => Workers.DurableClient.TrySetResult(client);
}
