using System.Reflection;
using System.Reflection.Emit;
using FunctionApp.LocalHost.Worker;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Binder = Microsoft.Azure.WebJobs.Binder;

namespace FunctionApp.LocalHost.Durable;

/// <summary>
/// Makes the class whose methods the Durable extension takes for the app's functions: for each one that has its name, its trigger's
/// attribute and parameter, and hands over to <see cref="DurableFunctions"/>.
/// </summary>
internal static class FunctionEmitter
{
    /// <summary>The name of a function that no trigger starts: it is called once, for its binding.</summary>
    public const string ClientFunction = "LocalHostDurableClient";

    public static DurableFunctions Create(AppFunction[] functions, WorkerSupervisor workers, Func<Uri> webHook)
    {
        ModuleBuilder module = AssemblyBuilder
            .DefineDynamicAssembly(new AssemblyName("FunctionApp.LocalHost.Emitted"), AssemblyBuilderAccess.RunAndCollect)
            .DefineDynamicModule("main");
        TypeBuilder type = module.DefineType("EmittedFunctions", TypeAttributes.Public, typeof(DurableFunctions));
        foreach (AppFunction function in functions)
        {
            if (TriggerAttribute(function.Trigger) is { } trigger)
            {
                MethodBuilder method = DefineMethod(type, function.Name, typeof(Task<object>), [typeof(string), typeof(Binder)]);
                method.DefineParameter(1, ParameterAttributes.None, function.Trigger.Name).SetCustomAttribute(trigger);
                method.DefineParameter(2, ParameterAttributes.None, "_binder");
                EmitCall(method, "InvokeAsync", il => il.Emit(OpCodes.Ldarg_2), il => il.Emit(OpCodes.Ldstr, function.Name));
            }
        }

        MethodBuilder client = DefineMethod(type, ClientFunction, typeof(void), [typeof(string)]);
        client.SetCustomAttribute(Attribute<NoAutomaticTriggerAttribute>());
        client.DefineParameter(1, ParameterAttributes.None, "client").SetCustomAttribute(Attribute<DurableClientAttribute>());
        EmitCall(client, "SetClient");
        var instance = (DurableFunctions)Activator.CreateInstance(type.CreateType())!;
        (instance.Functions, instance.Workers, instance.WebHook) = (functions.ToDictionary(function => function.Name), workers, webHook);
        return instance;
    }

    private static CustomAttributeBuilder? TriggerAttribute(Binding trigger) => trigger.Type switch
    {
        "orchestrationTrigger" => Attribute<OrchestrationTriggerAttribute>("Orchestration", trigger.Orchestration),
        "activityTrigger" => Attribute<ActivityTriggerAttribute>("Activity", trigger.Activity),
        "entityTrigger" => Attribute<EntityTriggerAttribute>("EntityName", trigger.EntityName),
        _ => null,
    };

    private static MethodBuilder DefineMethod(TypeBuilder type, string name, Type result, Type[] parameters)
    {
        MethodBuilder method = type.DefineMethod(name, MethodAttributes.Public, result, parameters);
        method.SetCustomAttribute(new CustomAttributeBuilder(typeof(FunctionNameAttribute).GetConstructor([typeof(string)])!, [name]));
        return method;
    }

    // return this.NAME(first argument, others);
    private static void EmitCall(MethodBuilder method, string name, params Action<ILGenerator>[] others)
    {
        ILGenerator il = method.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        Array.ForEach(others, load => load(il));
        il.Emit(OpCodes.Call, typeof(DurableFunctions).GetMethod(name, BindingFlags.Instance | BindingFlags.NonPublic)!);
        il.Emit(OpCodes.Ret);
    }

    private static CustomAttributeBuilder Attribute<T>(string? property = null, string? value = null)
    {
        ConstructorInfo constructor = typeof(T).GetConstructor([])!;
        return property is null || value is null
            ? new CustomAttributeBuilder(constructor, [])
            : new CustomAttributeBuilder(constructor, [], [typeof(T).GetProperty(property)!], [value]);
    }
}
