using System.Reflection;
using System.Reflection.Emit;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Binder = Microsoft.Azure.WebJobs.Binder;

namespace FunctionApp.LocalHost.Durable;

/// <summary>
/// What the Durable extension, which knows functions as methods, calls in place of the app's. A class with such methods is made at
/// start: for each function one that has its name, its trigger's attribute and parameter, and hands over to <see cref="InvokeAsync"/>.
/// Public, so that the class can derive from it.
/// </summary>
public abstract class DurableFunctions
{
    /// <summary>The name of a function that no trigger starts: it is called once, for its binding.</summary>
    internal const string ClientFunction = "LocalHostDurableClient";

    /// <summary>Runs a function by its name, with the trigger's input and binding data, and returns its result.</summary>
    internal Func<string, string, IReadOnlyDictionary<string, object>, Task<object?>> Invoker { get; set; } = null!;

    /// <summary>What the binding of a durable client gives a worker: JSON with the addresses of the extension.</summary>
    internal TaskCompletionSource<string> Client { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal static DurableFunctions Create(IEnumerable<AppFunction> functions)
    {
        ModuleBuilder module = AssemblyBuilder
            .DefineDynamicAssembly(new AssemblyName("FunctionApp.LocalHost.Emitted"), AssemblyBuilderAccess.RunAndCollect)
            .DefineDynamicModule("main");
        TypeBuilder type = module.DefineType("EmittedFunctions", TypeAttributes.Public, typeof(DurableFunctions));
        foreach (AppFunction function in functions)
        {
            if (TriggerAttribute(function) is { } trigger)
            {
                DefineFunction(type, function, trigger);
            }
        }

        MethodBuilder client = DefineMethod(type, ClientFunction, typeof(void), [typeof(string)]);
        client.SetCustomAttribute(Attribute<NoAutomaticTriggerAttribute>());
        client.DefineParameter(1, ParameterAttributes.None, "client").SetCustomAttribute(Attribute<DurableClientAttribute>());
        EmitCall(client.GetILGenerator(), nameof(SetClient), [OpCodes.Ldarg_1]);
        return (DurableFunctions)Activator.CreateInstance(type.CreateType())!;
    }

    /// <summary>Called by the emitted methods.</summary>
    protected Task<object?> InvokeAsync(string input, Binder binder, string function)
    {
        ArgumentNullException.ThrowIfNull(binder);
        return Invoker(function, input, binder.BindingData);
    }

    /// <summary>Called by the emitted method <see cref="ClientFunction"/>.</summary>
    protected void SetClient(string client) => Client.TrySetResult(client);

    private static CustomAttributeBuilder? TriggerAttribute(AppFunction function) => function.TriggerType switch
    {
        "orchestrationTrigger" => Attribute<OrchestrationTriggerAttribute>(nameof(OrchestrationTriggerAttribute.Orchestration), function["orchestration"]),
        "activityTrigger" => Attribute<ActivityTriggerAttribute>(nameof(ActivityTriggerAttribute.Activity), function["activity"]),
        "entityTrigger" => Attribute<EntityTriggerAttribute>(nameof(EntityTriggerAttribute.EntityName), function["entityName"]),
        _ => null,
    };

    private static void DefineFunction(TypeBuilder type, AppFunction function, CustomAttributeBuilder trigger)
    {
        MethodBuilder method = DefineMethod(type, function.Name, typeof(Task<object>), [typeof(string), typeof(Binder)]);
        method.DefineParameter(1, ParameterAttributes.None, function.Parameter).SetCustomAttribute(trigger);
        method.DefineParameter(2, ParameterAttributes.None, "_binder");
        ILGenerator code = method.GetILGenerator();
        EmitCall(code, nameof(InvokeAsync), [OpCodes.Ldarg_1, OpCodes.Ldarg_2], function.Name);
    }

    private static MethodBuilder DefineMethod(TypeBuilder type, string name, Type result, Type[] parameters)
    {
        MethodBuilder method = type.DefineMethod(name, MethodAttributes.Public, result, parameters);
        method.SetCustomAttribute(new CustomAttributeBuilder(typeof(FunctionNameAttribute).GetConstructor([typeof(string)])!, [name]));
        return method;
    }

    // this.METHOD(arguments, text)
    private static void EmitCall(ILGenerator code, string method, OpCode[] arguments, string? text = null)
    {
        code.Emit(OpCodes.Ldarg_0);
        Array.ForEach(arguments, code.Emit);
        if (text is not null)
        {
            code.Emit(OpCodes.Ldstr, text);
        }

        code.Emit(OpCodes.Call, typeof(DurableFunctions).GetMethod(method, BindingFlags.Instance | BindingFlags.NonPublic)!);
        code.Emit(OpCodes.Ret);
    }

    private static CustomAttributeBuilder Attribute<T>(string? property = null, string? value = null)
    {
        ConstructorInfo constructor = typeof(T).GetConstructor([])!;
        return property is null || value is null
            ? new CustomAttributeBuilder(constructor, [])
            : new CustomAttributeBuilder(constructor, [], [typeof(T).GetProperty(property)!], [value]);
    }
}
