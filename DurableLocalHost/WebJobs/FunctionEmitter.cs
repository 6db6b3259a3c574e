using System.Reflection;
using System.Reflection.Emit;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Binder = Microsoft.Azure.WebJobs.Binder;

namespace DurableLocalHost.WebJobs;

/// <summary>
/// Makes the class whose methods WebJobs takes for the app's functions, those with an HTTP trigger excepted: each has its function's
/// name, its trigger's attribute and parameter, and hands over to <see cref="JobFunctions"/>.
/// </summary>
internal static class FunctionEmitter
{
    /// <summary>The name of a function that no trigger starts: it is called once, for its binding.</summary>
    public const string ClientFunction = "LocalHostDurableClient";

    public static JobFunctions Create(AppFunction[] functions, WorkerSupervisor workers, Func<Uri> webHook)
    {
        ModuleBuilder module = AssemblyBuilder
            .DefineDynamicAssembly(new AssemblyName("DurableLocalHost.Emitted"), AssemblyBuilderAccess.RunAndCollect)
            .DefineDynamicModule("main");
        TypeBuilder type = module.DefineType("EmittedFunctions", TypeAttributes.Public, typeof(JobFunctions));
        foreach (AppFunction function in functions)
        {
            if (TriggerAttribute(function.Trigger) is { } trigger)
            {
                (Type result, Type input) = function.Trigger.IsTimer ? (typeof(Task), typeof(TimerInfo)) : (typeof(Task<object>), typeof(string));
                MethodBuilder method = DefineMethod(type, function.Name, result, [input, typeof(Binder)]);
                method.DefineParameter(1, ParameterAttributes.None, function.Trigger.Name).SetCustomAttribute(trigger);
                method.DefineParameter(2, ParameterAttributes.None, "_binder");
                EmitCall(method, "InvokeAsync", il => il.Emit(OpCodes.Ldarg_2), il => il.Emit(OpCodes.Ldstr, function.Name));
            }
        }

        MethodBuilder client = DefineMethod(type, ClientFunction, typeof(void), [typeof(string)]);
        client.SetCustomAttribute(Attribute<NoAutomaticTriggerAttribute>());
        client.DefineParameter(1, ParameterAttributes.None, "client").SetCustomAttribute(Attribute<DurableClientAttribute>());
        EmitCall(client, "SetClient");
        var instance = (JobFunctions)Activator.CreateInstance(type.CreateType())!;
        (instance.Functions, instance.Workers, instance.WebHook) = (functions.ToDictionary(function => function.Name), workers, webHook);
        return instance;
    }

    private static CustomAttributeBuilder? TriggerAttribute(Binding trigger) => trigger.Type switch
    {
        "orchestrationTrigger" => AttributeWith<OrchestrationTriggerAttribute>("Orchestration", trigger.Orchestration),
        "activityTrigger" => AttributeWith<ActivityTriggerAttribute>("Activity", trigger.Activity),
        "entityTrigger" => AttributeWith<EntityTriggerAttribute>("EntityName", trigger.EntityName),
        "timerTrigger" => Attribute<TimerTriggerAttribute>(trigger.Schedule!),
        _ => null,
    };

    private static MethodBuilder DefineMethod(TypeBuilder type, string name, Type result, Type[] parameters)
    {
        MethodBuilder method = type.DefineMethod(name, MethodAttributes.Public, result, parameters);
        method.SetCustomAttribute(Attribute<FunctionNameAttribute>(name));
        return method;
    }

    // return this.NAME(first argument, others);
    private static void EmitCall(MethodBuilder method, string name, params Action<ILGenerator>[] others)
    {
        ILGenerator il = method.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        Array.ForEach(others, load => load(il));
        il.Emit(OpCodes.Call, typeof(JobFunctions).GetMethod(name, BindingFlags.Instance | BindingFlags.NonPublic)!);
        il.Emit(OpCodes.Ret);
    }

    private static CustomAttributeBuilder Attribute<T>(params string[] arguments) =>
        new(typeof(T).GetConstructor([.. arguments.Select(_ => typeof(string))])!, [.. arguments]);

    private static CustomAttributeBuilder AttributeWith<T>(string property, string? value) =>
        value is null ? Attribute<T>() : new(typeof(T).GetConstructor([])!, [], [typeof(T).GetProperty(property)!], [value]);
}
