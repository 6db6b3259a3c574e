using System.Reflection;
using FunctionApp.Emulator.Durable;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;

namespace FunctionApp.Emulator.Host;

/// <summary>The functions of an app by trigger. What the emulator cannot run is refused here, by name.</summary>
internal sealed class FunctionCatalog
{
    private readonly Dictionary<string, FunctionMethod> _orchestrations = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, FunctionMethod> _activities = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<HttpFunction> _http = [];

    /// <exception cref="EmulatorException">A function has something that the emulator does not support.</exception>
    public FunctionCatalog(IEnumerable<Type> types)
    {
        IEnumerable<MethodInfo> methods = types
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static))
            .Where(method => method.IsDefined(typeof(FunctionAttribute)));
        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
        foreach (MethodInfo method in methods)
        {
            var function = new FunctionMethod(method);
            if (!names.Add(function.Name))
            {
                throw function.Unsupported("the name of another function");
            }

            Add(function);
        }
    }

    public IReadOnlyList<HttpFunction> Http => _http;

    public IEnumerable<FunctionMethod> Orchestrations => _orchestrations.Values;

    public IEnumerable<FunctionMethod> Activities => _activities.Values;

    public FunctionMethod? FindOrchestration(string name) => _orchestrations.GetValueOrDefault(name);

    public FunctionMethod? FindActivity(string name) => _activities.GetValueOrDefault(name);

    private void Add(FunctionMethod function)
    {
        switch (function.Trigger)
        {
            case HttpTriggerAttribute trigger:
                _http.Add(new HttpFunction(function, trigger));
                break;
            case OrchestrationTriggerAttribute trigger:
                Require(function, parameter => parameter == function.TriggerParameter
                    && parameter.ParameterType == typeof(TaskOrchestrationContext));
                if (!typeof(Task).IsAssignableFrom(function.Method.ReturnType))
                {
                    throw function.Unsupported("no task as its result");
                }

                _orchestrations.Add(trigger.Orchestration ?? function.Name, function);
                break;
            case ActivityTriggerAttribute trigger:
                Require(function, parameter => parameter == function.TriggerParameter
                    || parameter.ParameterType == typeof(CancellationToken));
                _activities.Add(trigger.Activity ?? function.Name, function);
                break;
            default:
                throw function.Unsupported($"the trigger {function.Trigger.GetType().Name}");
        }
    }

    private static void Require(FunctionMethod function, Func<ParameterInfo, bool> isSupported)
    {
        if (function.Parameters.FirstOrDefault(parameter => !isSupported(parameter)) is { } parameter)
        {
            throw function.Unsupported($"the parameter '{parameter.Name}' of type {parameter.ParameterType.Name}");
        }
    }
}

/// <summary>Runs the catalog's orchestrations and activities.</summary>
internal sealed class DurableFunctions(FunctionCatalog catalog) : IDurableFunctions
{
    /// <summary>Where functions get their collaborators from; set before the task hub starts.</summary>
    public IServiceProvider Services { get; set; } = null!;

    public Func<TaskOrchestrationContext, Task<string?>>? FindOrchestration(string name)
    {
        return catalog.FindOrchestration(name) is { } function ? RunAsync : null;

        async Task<string?> RunAsync(TaskOrchestrationContext context)
        {
            using IServiceScope scope = Services.CreateScope();
            return TaskHub.Converter.Serialize(await function.InvokeAsync(scope.ServiceProvider, [context]));
        }
    }

    public async Task<string?> RunActivityAsync(string name, string? input, CancellationToken cancellationToken)
    {
        FunctionMethod function = catalog.FindActivity(name) ?? throw new ArgumentException($"There is no activity '{name}'.");
        object?[] arguments =
        [
            .. function.Parameters.Select(parameter => parameter == function.TriggerParameter
                ? TaskHub.Converter.Deserialize(input, parameter.ParameterType)
                : cancellationToken),
        ];
        await using AsyncServiceScope scope = Services.CreateAsyncScope();
        return TaskHub.Converter.Serialize(await function.InvokeAsync(scope.ServiceProvider, arguments));
    }
}
