using FunctionApp.LocalHost.Worker.Protocol;

namespace FunctionApp.LocalHost.Worker;

internal static class InvocationRequests
{
    /// <summary>What the worker is told to run: the trigger's input, and for each durable client of the function how to reach it.</summary>
    /// <param name="durableClient">JSON, as the Durable extension gives it.</param>
    public static InvocationRequest CreateRequest(this AppFunction function, string invocationId, TypedData trigger, string durableClient)
    {
        var request = new InvocationRequest
        {
            InvocationId = invocationId,
            InputData = { new ParameterBinding { Name = function.Parameter, Data = trigger } },
        };
        foreach (string client in function.Clients)
        {
            request.InputData.Add(new ParameterBinding { Name = client, Data = new TypedData { String = durableClient } });
        }

        return request;
    }
}
