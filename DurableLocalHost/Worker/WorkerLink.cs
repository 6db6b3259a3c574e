using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;
using Grpc.Core;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace DurableLocalHost.Worker;

/// <summary>One worker's connection, from its first message to its end, and the invocations that it has not answered yet.</summary>
/// <param name="id">The worker's ID.</param>
/// <param name="durableClient">What a worker's durable client is made of: JSON, as the Durable extension gives it.</param>
/// <param name="functions">The names of those that are loaded; the worker may know others.</param>
/// <param name="timeout">How long a function may run before the worker is taken for hanging.</param>
internal sealed class WorkerLink(
    string id, string appFolder, IReadOnlySet<string> functions, Task<string> durableClient, WorkerLog log, TimeSpan timeout)
{
    // A StatusResult's status; 0 is a failure, 2 a cancellation.
    private const int Success = 1;

    private static readonly WriteOptions MoreFollows = new(WriteFlags.BufferHint);

    private readonly Channel<StreamingMessage> _outgoing =
        Channel.CreateUnbounded<StreamingMessage>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ConcurrentDictionary<string, Invocation> _pending = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Id => id;

    /// <summary>Completes when every function is loaded and the worker listens; fails if that fails.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Completes when either side has hung up, or when a function has run for too long.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Where the worker takes HTTP requests; null if it takes them as messages, since it runs without ASP.NET Core.</summary>
    public Uri? HttpAddress { get; private set; }

    public int PendingCount => _pending.Count;

    /// <summary>Talks to the worker, whose first message has been read, until either side hangs up.</summary>
    public async Task RunAsync(IAsyncStreamReader<StreamingMessage> incoming, IServerStreamWriter<StreamingMessage> outgoing, CancellationToken aborted)
    {
        _ = ReadAllAsync(incoming, aborted);
        // One writer, as a stream allows no more; messages that wait already go out together.
        await foreach (StreamingMessage message in _outgoing.Reader.ReadAllAsync(aborted))
        {
            outgoing.WriteOptions = _outgoing.Reader.TryPeek(out _) ? MoreFollows : null;
            await outgoing.WriteAsync(message, aborted);
        }
    }

    /// <summary>Runs a function.</summary>
    /// <param name="trigger">The trigger's input.</param>
    /// <param name="metadata">What the trigger knows besides, of which the worker gets the texts and the JSON objects.</param>
    /// <param name="canceled">Tells the function that nobody waits for it any more. It still answers.</param>
    /// <exception cref="FunctionFailedException">It failed, or ran for too long: then the worker ends, with all that runs in it.</exception>
    /// <exception cref="WorkerProcessExitException">The worker ended.</exception>
    public async Task<InvocationResponse> InvokeAsync(
        AppFunction function, string invocationId, TypedData trigger, IEnumerable<KeyValuePair<string, object>> metadata, CancellationToken canceled = default)
    {
        var request = new InvocationRequest
        {
            InvocationId = invocationId,
            FunctionId = function.Name,
            InputData = { new ParameterBinding { Name = function.Trigger.Name, Data = trigger } },
            // The worker wants one in any case.
            TraceContext = Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity
                ? new RpcTraceContext { TraceParent = activity.Id, TraceState = activity.TraceStateString ?? "" }
                : new RpcTraceContext(),
        };
        foreach (string client in function.Clients)
        {
            // What goes on after a restart may come before the client is known.
            request.InputData.Add(new ParameterBinding { Name = client, Data = new TypedData { String = await durableClient } });
        }

        foreach ((string name, object value) in metadata)
        {
            if (value is string text)
            {
                request.TriggerMetadata[name] = new TypedData { String = text };
            }
            else if (value is JObject json)
            {
                request.TriggerMetadata[name] = new TypedData { Json = json.ToString(Formatting.None) };
            }
            else if (value is JsonText written)
            {
                request.TriggerMetadata[name] = new TypedData { Json = written.Json };
            }
        }

        var answer = new TaskCompletionSource<InvocationResponse>(TaskCreationOptions.RunContinuationsAsynchronously);
        _pending[invocationId] = new Invocation(function.Name, answer);
        if (!_outgoing.Writer.TryWrite(new StreamingMessage { InvocationRequest = request }))
        {
            End("The worker has ended.");
        }

        using CancellationTokenRegistration cancel = canceled.UnsafeRegister(_ => Cancel(invocationId), null);
        using var limit = new CancellationTokenSource(timeout);
        using CancellationTokenRegistration timedOut = limit.Token.UnsafeRegister(_ => TimeOut(function, answer), null);
        InvocationResponse response = await answer.Task;
        return response.Result.Status == Success
            ? response
            : throw new FunctionFailedException(response.Result.Exception?.Message ?? "canceled", response.Result.Exception?.StackTrace ?? "");
    }

    /// <summary>Hangs up, and fails what the worker has not answered.</summary>
    public void End(string reason)
    {
        _outgoing.Writer.TryComplete();
        _ended.TrySetResult();
        FailPending(reason);
    }

    /// <summary>Cancels what the worker has not answered, and asks it to end.</summary>
    public void Terminate()
    {
        _pending.Keys.ToList().ForEach(Cancel);
        Send(new StreamingMessage { WorkerTerminate = new WorkerTerminate() });
    }

    // A function cannot be ended but with its process.
    private void TimeOut(AppFunction function, TaskCompletionSource<InvocationResponse> answer)
    {
        string reason = $"Timeout value of {timeout} was exceeded by function: Functions.{function.Name}";
        if (answer.TrySetException(new FunctionFailedException($"Microsoft.Azure.WebJobs.Host.FunctionTimeoutException: {reason}", "")))
        {
            log.Error($"{reason}. The worker, with all that runs in it, ends and is started again.");
            FailPending("A function timed out.");
            _ended.TrySetResult();
        }
    }

    private void FailPending(string reason)
    {
        foreach ((string invocationId, Invocation invocation) in _pending)
        {
            invocation.Answer.TrySetException(new WorkerProcessExitException(reason));
            _pending.TryRemove(invocationId, out _);
        }
    }

    private void Cancel(string invocationId) =>
        Send(new StreamingMessage { InvocationCancel = new InvocationCancel { InvocationId = invocationId } });

    private void Send(StreamingMessage message) => _outgoing.Writer.TryWrite(message);

    private async Task ReadAllAsync(IAsyncStreamReader<StreamingMessage> incoming, CancellationToken aborted)
    {
        try
        {
            await LoadAppAsync(incoming, aborted);
            _ready.TrySetResult();
            while (true)
            {
                InvocationResponse? response = (await ReadAsync(incoming, aborted)).InvocationResponse;
                if (response is not null && _pending.TryRemove(response.InvocationId, out Invocation? invocation))
                {
                    invocation.Answer.TrySetResult(response);
                }
            }
        }
        catch (Exception e) when (e is LocalHostException or IOException or OperationCanceledException or Grpc.Core.RpcException)
        {
            // The app cannot be loaded, or the worker is gone. One that is still there, in this process, would not end by itself.
            _ready.TrySetException(e);
            Terminate();
        }
        finally
        {
            End("The worker hung up.");
        }
    }

    /// <summary>The worker's next message, but for its log lines, which go into the log.</summary>
    private async ValueTask<StreamingMessage> ReadAsync(IAsyncStreamReader<StreamingMessage> incoming, CancellationToken aborted)
    {
        while (await incoming.MoveNext(aborted))
        {
            if (incoming.Current.RpcLog is not { } line)
            {
                return incoming.Current;
            }

            log.Write(line, _pending.GetValueOrDefault(line.InvocationId)?.Function);
        }

        throw new EndOfStreamException();
    }

    private async Task LoadAppAsync(IAsyncStreamReader<StreamingMessage> incoming, CancellationToken aborted)
    {
        Send(new StreamingMessage { WorkerInitRequest = new WorkerInitRequest() });
        WorkerInitResponse worker = (await ReadAsync(incoming, aborted)).WorkerInitResponse;
        Check(worker.Result);
        Send(new StreamingMessage { FunctionsMetadataRequest = new FunctionsMetadataRequest { FunctionAppDirectory = appFolder } });
        FunctionMetadataResponse app = (await ReadAsync(incoming, aborted)).FunctionMetadataResponse;
        Check(app.Result);
        RpcFunctionMetadata[] loaded = [.. app.FunctionMetadataResults.Where(function => functions.Contains(function.Name))];
        foreach (RpcFunctionMetadata function in loaded)
        {
            BindingInfos.Complete(function);
            Send(new StreamingMessage { FunctionLoadRequest = new FunctionLoadRequest { FunctionId = function.Name, Metadata = function } });
        }

        foreach (RpcFunctionMetadata _ in loaded)
        {
            Check((await ReadAsync(incoming, aborted)).FunctionLoadResponse.Result);
        }

        if (worker.Capabilities.TryGetValue("HttpUri", out string? address))
        {
            // By its number it is found without asking for IPv6 first.
            HttpAddress = new Uri(address.Replace("//localhost:", "//127.0.0.1:"));
            await UntilListeningAsync(HttpAddress, aborted);
        }
    }

    private static void Check(StatusResult result)
    {
        if (result.Status != Success)
        {
            throw new LocalHostException($"The app cannot be loaded: {result.Exception?.Message}");
        }
    }

    // The worker's HTTP server starts to listen a moment after the worker has said where.
    private static async Task UntilListeningAsync(Uri address, CancellationToken aborted)
    {
        while (true)
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(address.Host, address.Port, aborted);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(10, aborted);
            }
        }
    }

    private sealed record Invocation(string Function, TaskCompletionSource<InvocationResponse> Answer);
}

/// <summary>JSON that has been written already.</summary>
internal sealed record JsonText(string Json);
