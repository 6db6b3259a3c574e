using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using FunctionApp.LocalHost.Worker.Protocol;
using Grpc.Core;
using RpcException = Grpc.Core.RpcException;

namespace FunctionApp.LocalHost.Worker;

/// <summary>One worker's connection, from its first message to its end, and the invocations that it has not answered yet.</summary>
internal sealed class WorkerLink(string workerId, string appFolder, WorkerLog log)
{
    // The worker wants one in any case.
    private static readonly RpcTraceContext NoTrace = new();
    private static readonly WriteOptions MoreFollows = new(WriteFlags.BufferHint);

    private readonly Channel<StreamingMessage> _outgoing =
        Channel.CreateUnbounded<StreamingMessage>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ConcurrentDictionary<string, Invocation> _pending = new();
    private readonly Dictionary<string, string> _functionIds = [];
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _functionsToLoad;

    public string WorkerId => workerId;

    /// <summary>Completes when every function is loaded; fails if that fails.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Completes when the worker has hung up.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Where the worker takes HTTP requests; null if it has no HTTP functions.</summary>
    public string? HttpAddress { get; private set; }

    public int PendingCount => _pending.Count;

    /// <summary>Talks to the worker, whose first message has been read, until either side hangs up.</summary>
    public async Task RunAsync(IAsyncStreamReader<StreamingMessage> incoming, IServerStreamWriter<StreamingMessage> outgoing, CancellationToken aborted)
    {
        Task writing = WriteAsync(outgoing);
        Send(new StreamingMessage
        {
            WorkerInitRequest = new WorkerInitRequest
            {
                HostVersion = "4.0.0",
                WorkerDirectory = appFolder,
                FunctionAppDirectory = appFolder,
                Capabilities = { ["V2Compatable"] = "true", ["MultiStream"] = "10" },
            },
        });
        try
        {
            while (await incoming.MoveNext(aborted))
            {
                Receive(incoming.Current);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or RpcException)
        {
            // The worker is gone.
        }
        finally
        {
            _outgoing.Writer.TryComplete();
            _ended.TrySetResult();
            Fail("The worker hung up.");
        }

        await writing;
    }

    /// <summary>Runs a function.</summary>
    /// <param name="canceled">Tells the function that nobody waits for it any more. It still answers.</param>
    /// <exception cref="FunctionFailedException">It failed.</exception>
    /// <exception cref="WorkerProcessExitException">The worker ended.</exception>
    public async Task<TypedData?> InvokeAsync(string function, InvocationRequest request, CancellationToken canceled = default)
    {
        request.FunctionId = _functionIds.TryGetValue(function, out string? id) ? id : throw new InvalidOperationException(
            $"The app's build lists the function {function}, but the app does not know it: build it again.");
        request.TraceContext = Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity
            ? new RpcTraceContext { TraceParent = activity.Id, TraceState = activity.TraceStateString ?? "" }
            : NoTrace;

        var invocation = new Invocation(function);
        _pending[request.InvocationId] = invocation;
        if (!_outgoing.Writer.TryWrite(new StreamingMessage { InvocationRequest = request }))
        {
            _pending.TryRemove(request.InvocationId, out _);
            throw new WorkerProcessExitException("The worker has ended.");
        }

        using CancellationTokenRegistration cancel = canceled.UnsafeRegister(
            _ => Send(new StreamingMessage { InvocationCancel = new InvocationCancel { InvocationId = request.InvocationId } }), null);
        InvocationResponse response = await invocation.Task;
        return response.Result is { Status: not StatusResult.Types.Status.Success } failure
            ? throw new FunctionFailedException(failure.Result, failure.Exception?.Message ?? $"{failure.Status}", failure.Exception?.StackTrace ?? "")
            : response.ReturnValue;
    }

    /// <summary>Fails what the worker has not answered.</summary>
    public void Fail(string reason)
    {
        foreach (string id in _pending.Keys)
        {
            if (_pending.TryRemove(id, out Invocation? invocation))
            {
                invocation.TrySetException(new WorkerProcessExitException(reason));
            }
        }
    }

    /// <summary>Cancels what the worker has not answered, and asks it to end.</summary>
    public void Terminate()
    {
        foreach (string id in _pending.Keys)
        {
            Send(new StreamingMessage { InvocationCancel = new InvocationCancel { InvocationId = id } });
        }

        Send(new StreamingMessage { WorkerTerminate = new WorkerTerminate() });
    }

    private void Send(StreamingMessage message) => _outgoing.Writer.TryWrite(message);

    // One writer, as a stream allows no more; messages that wait already go out together.
    private async Task WriteAsync(IServerStreamWriter<StreamingMessage> outgoing)
    {
        try
        {
            await foreach (StreamingMessage message in _outgoing.Reader.ReadAllAsync())
            {
                outgoing.WriteOptions = _outgoing.Reader.TryPeek(out _) ? MoreFollows : null;
                await outgoing.WriteAsync(message);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException or RpcException)
        {
            // The worker is gone; the reading side has noticed too.
        }
    }

    private void Receive(StreamingMessage message)
    {
        switch (message.ContentCase)
        {
            case StreamingMessage.ContentOneofCase.WorkerInitResponse when Succeeded(message.WorkerInitResponse.Result):
                // By its number it is found without asking for IPv6 first.
                HttpAddress = message.WorkerInitResponse.Capabilities.GetValueOrDefault("HttpUri")?
                    .Replace("//localhost:", "//127.0.0.1:", StringComparison.Ordinal);
                Send(new StreamingMessage { FunctionsMetadataRequest = new FunctionsMetadataRequest { FunctionAppDirectory = appFolder } });
                break;
            case StreamingMessage.ContentOneofCase.FunctionMetadataResponse when Succeeded(message.FunctionMetadataResponse.Result):
                Load(message.FunctionMetadataResponse.FunctionMetadataResults);
                break;
            case StreamingMessage.ContentOneofCase.FunctionLoadResponse when Succeeded(message.FunctionLoadResponse.Result):
                if (--_functionsToLoad == 0)
                {
                    _ready.TrySetResult();
                }

                break;
            case StreamingMessage.ContentOneofCase.InvocationResponse:
                if (_pending.TryRemove(message.InvocationResponse.InvocationId, out Invocation? invocation))
                {
                    invocation.TrySetResult(message.InvocationResponse);
                }

                break;
            case StreamingMessage.ContentOneofCase.RpcLog:
                log.Write(message.RpcLog, _pending.TryGetValue(message.RpcLog.InvocationId, out Invocation? source) ? source.Function : null);
                break;
        }
    }

    private void Load(ICollection<RpcFunctionMetadata> functions)
    {
        _functionsToLoad = functions.Count;
        foreach (RpcFunctionMetadata function in functions)
        {
            _functionIds[function.Name] = function.FunctionId;
            function.RawBindings.Clear();
            Send(new StreamingMessage { FunctionLoadRequest = new FunctionLoadRequest { FunctionId = function.FunctionId, Metadata = function } });
        }
    }

    private bool Succeeded(StatusResult result)
    {
        if (result.Status is StatusResult.Types.Status.Success)
        {
            return true;
        }

        _ready.TrySetException(new LocalHostException($"The app cannot be loaded: {result.Exception?.Message}"));
        return false;
    }

    private sealed class Invocation(string function) : TaskCompletionSource<InvocationResponse>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public string Function => function;
    }
}
