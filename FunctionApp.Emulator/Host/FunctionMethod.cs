using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Extensions.DependencyInjection;

namespace FunctionApp.Emulator.Host;

/// <summary>A method marked as a function, and how to call it.</summary>
internal sealed class FunctionMethod
{
    private readonly MethodInvoker _invoker;
    private readonly ObjectFactory? _createInstance;
    private readonly PropertyInfo? _taskResult;

    public FunctionMethod(MethodInfo method)
    {
        Method = method;
        Name = method.GetCustomAttribute<FunctionAttribute>()!.Name;
        Parameters = method.GetParameters();
        _invoker = MethodInvoker.Create(method);
        _createInstance = method.IsStatic ? null : ActivatorUtilities.CreateFactory(method.DeclaringType!, []);
        _taskResult = method.ReturnType.IsGenericType && method.ReturnType.GetGenericTypeDefinition() == typeof(Task<>)
            ? method.ReturnType.GetProperty(nameof(Task<>.Result))
            : null;

        List<ParameterInfo> triggers = [.. Parameters.Where(parameter => Binding(parameter) is TriggerBindingAttribute)];
        if (triggers.Count != 1)
        {
            throw Unsupported($"{triggers.Count} triggers");
        }

        if (method.GetCustomAttributes<BindingAttribute>().Concat(method.ReturnParameter.GetCustomAttributes<BindingAttribute>())
            .FirstOrDefault() is { } output)
        {
            throw Unsupported($"the output binding {output.GetType().Name}");
        }

        TriggerParameter = triggers[0];
        Trigger = (TriggerBindingAttribute)Binding(TriggerParameter)!;
    }

    public MethodInfo Method { get; }

    public string Name { get; }

    public IReadOnlyList<ParameterInfo> Parameters { get; }

    public ParameterInfo TriggerParameter { get; }

    public TriggerBindingAttribute Trigger { get; }

    /// <summary>What the method returns once its task, if it returns one, has completed; null for none.</summary>
    public Type? ResultType => _taskResult?.PropertyType
        ?? (Method.ReturnType == typeof(void) || Method.ReturnType == typeof(Task) ? null : Method.ReturnType);

    public static BindingAttribute? Binding(ParameterInfo parameter) => parameter.GetCustomAttribute<BindingAttribute>();

    public EmulatorException Unsupported(string what) =>
        new($"The function {Name} has {what}, which the emulator does not support.");

    /// <exception cref="Exception">Whatever the method throws.</exception>
    public async Task<object?> InvokeAsync(IServiceProvider services, object?[] arguments)
    {
        object? instance = _createInstance?.Invoke(services, null);
        object? returned = _invoker.Invoke(instance, arguments.AsSpan());
        if (returned is not Task task)
        {
            return returned;
        }

        await task;
        return _taskResult?.GetValue(task);
    }
}
