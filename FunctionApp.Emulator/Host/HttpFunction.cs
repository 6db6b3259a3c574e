using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Emulator.Host;

/// <summary>A function with an HTTP trigger.</summary>
internal sealed class HttpFunction
{
    private readonly FunctionMethod _function;
    private readonly List<Func<HttpContext, DurableTaskClient, object?>> _binders;

    /// <exception cref="EmulatorException">It has a parameter or result that the emulator does not support.</exception>
    public HttpFunction(FunctionMethod function, HttpTriggerAttribute trigger)
    {
        _function = function;
        Route = trigger.Route ?? function.Name;
        Methods = trigger.Methods ?? [];
        HashSet<string> routeValues = new(
            RoutePatternFactory.Parse(Route).Parameters.Select(parameter => parameter.Name), StringComparer.OrdinalIgnoreCase);
        _binders = [.. function.Parameters.Select(parameter => Binder(parameter, routeValues))];
        if (!typeof(IResult).IsAssignableFrom(function.ResultType))
        {
            throw function.Unsupported("a result other than IResult");
        }
    }

    public string Name => _function.Name;

    public string Route { get; }

    /// <summary>Empty for any.</summary>
    public IReadOnlyList<string> Methods { get; }

    public bool Accepts(string method) =>
        Methods.Count == 0 || Methods.Contains(method, StringComparer.OrdinalIgnoreCase);

    public async Task RunAsync(HttpContext context, DurableTaskClient client)
    {
        object?[] arguments = [.. _binders.Select(bind => bind(context, client))];
        var result = (IResult)(await _function.InvokeAsync(context.RequestServices, arguments))!;
        await result.ExecuteAsync(context);
    }

    private Func<HttpContext, DurableTaskClient, object?> Binder(ParameterInfo parameter, HashSet<string> routeValues) =>
        (FunctionMethod.Binding(parameter), parameter.ParameterType) switch
        {
            (HttpTriggerAttribute, Type type) when type == typeof(HttpRequest) => (context, _) => context.Request,
            (DurableClientAttribute { ConnectionName: null, TaskHub: null }, Type type) when type == typeof(DurableTaskClient) =>
                (_, client) => client,
            (null, Type type) when type == typeof(CancellationToken) => (context, _) => context.RequestAborted,
            (null, Type type) when type == typeof(string) && routeValues.Contains(parameter.Name!) =>
                (context, _) => context.Request.RouteValues[parameter.Name!],
            _ => throw _function.Unsupported($"the parameter '{parameter.Name}' of type {parameter.ParameterType.Name}"),
        };
}
