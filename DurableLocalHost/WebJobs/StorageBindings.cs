using System.Runtime.ExceptionServices;
using System.Text;
using Microsoft.Azure.WebJobs.Host;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace DurableLocalHost.WebJobs;

/// <summary>
/// What functions read from blobs and write to queues and blobs. WebJobs' genuine extensions find the queue or blob when a function runs,
/// with what is known then for the {expressions} in its name; what is read and written is what the Functions host makes of it.
/// https://github.com/Azure/azure-functions-host/blob/dev/src/WebJobs.Script/Binding/FunctionBinding.cs
/// </summary>
internal static class StorageBindings
{
    // What a function returns, rather than one of several outputs.
    private const string Returned = "$return";

    /// <summary>Runs a function that WebJobs has started.</summary>
    /// <param name="trigger">The trigger's input.</param>
    /// <param name="binder">Of this run, with what the trigger knows besides.</param>
    public static async Task<InvocationResponse> InvokeAsync(
        WorkerLink worker, AppFunction function, string id, TypedData trigger, Binder binder, CancellationToken canceled = default)
    {
        List<ParameterBinding> inputs = [];
        foreach (Binding input in function.Storage.Where(binding => !binding.IsOutput))
        {
            inputs.Add(new ParameterBinding { Name = input.Name, Data = Values.ToTypedData(await ReadAsync(input, binder)) });
        }

        InvocationResponse response = await worker.InvokeAsync(function, id, trigger, BindingData.ForWorker(binder.BindingData), inputs, canceled);
        foreach (Binding output in function.Storage.Where(binding => binding.IsOutput))
        {
            TypedData? data = output.Name is Returned ? response.ReturnValue : response.OutputData.FirstOrDefault(one => one.Name == output.Name)?.Data;
            if (Values.FromTypedData(data) is { } value and not JValue { Value: null })
            {
                await WriteAsync(output, value is JValue json ? json.Value! : value, binder);
            }
        }

        return response;
    }

    /// <summary>Runs a function that a request has started, of which WebJobs does not know yet.</summary>
    /// <param name="metadata">What is known of the request.</param>
    /// <exception cref="FunctionFailedException">It failed, or what it reads and writes could not be read or written.</exception>
    /// <exception cref="WorkerProcessExitException">The worker ended.</exception>
    public static async Task<InvocationResponse> InvokeAsync(
        IJobHost jobs, WorkerLink worker, AppFunction function, string id, TypedData request, Dictionary<string, object> metadata, CancellationToken canceled)
    {
        // Whether or not anybody waits for the answer, what the function wrote is to be there.
        InvocationResponse? response = null;
        try
        {
            await jobs.CallAsync(function.Name, new Dictionary<string, object> { [FunctionEmitter.Body] = (Func<Binder, Task>)RunAsync }, CancellationToken.None);
        }
        catch (FunctionInvocationException e) when (e.InnerException is FunctionFailedException or WorkerProcessExitException)
        {
            ExceptionDispatchInfo.Throw(e.InnerException);
        }
        catch (FunctionInvocationException e)
        {
            // WebJobs has logged it: something could not be read or written.
            throw new FunctionFailedException(e.GetBaseException().Message, e.StackTrace ?? "");
        }

        return response!;

        async Task RunAsync(Binder binder)
        {
            // What it was called with: this method.
            binder.BindingData.Remove(FunctionEmitter.Body);
            foreach ((string name, object value) in metadata)
            {
                binder.BindingData[name] = value;
            }

            response = await InvokeAsync(worker, function, id, request, binder, canceled);
        }
    }

    private static async Task<object?> ReadAsync(Binding input, Binder binder)
    {
        var blob = new BlobAttribute(input.Location, FileAccess.Read) { Connection = input.AccountSetting };
        return input.IsDeferred ? await binder.BindAsync<ParameterBindingData>(blob)
            : input.IsBinary ? await binder.BindAsync<byte[]>(blob)
            : await binder.BindAsync<string>(blob);
    }

    private static async Task WriteAsync(Binding output, object value, Binder binder)
    {
        if (output.Type is "blob")
        {
            // WebJobs closes it when the function has ended, and so the blob is there.
            Stream blob = await binder.BindAsync<Stream>(new BlobAttribute(output.Location, FileAccess.Write) { Connection = output.AccountSetting });
            await blob.WriteAsync(Content(value));
            return;
        }

        IAsyncCollector<byte[]> queue = await binder.BindAsync<IAsyncCollector<byte[]>>(new QueueAttribute(output.Location) { Connection = output.AccountSetting });
        foreach (object message in Messages(value))
        {
            await queue.AddAsync(message as byte[] ?? Encoding.UTF8.GetBytes($"{message}"));
        }
    }

    private static byte[] Content(object value) => value switch
    {
        byte[] bytes => bytes,
        JToken json => Encoding.UTF8.GetBytes(json.ToString(Formatting.None)),
        // Numbers are no texts there.
        long number => BitConverter.GetBytes(unchecked((int)number)),
        double number => BitConverter.GetBytes(number),
        bool truth => BitConverter.GetBytes(truth),
        _ => Encoding.UTF8.GetBytes($"{value}"),
    };

    // An array is a message for each of its elements, also in a text.
    private static IEnumerable<object> Messages(object value) => value switch
    {
        string text when text.AsSpan().Trim() is ['{', .., '}'] or ['[', .., ']'] => Messages(JToken.Parse(text)),
        JArray array => array,
        _ => [value],
    };
}
