using System.Reflection;
using System.Reflection.Emit;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Binder = Microsoft.Azure.WebJobs.Binder;

namespace DurableLocalHost.WebJobs;

/// <summary>
/// Makes the class whose methods WebJobs takes for the app's functions: each has its function's name, its trigger's attribute and parameter,
/// and hands over to <see cref="JobFunctions"/>. Those with an HTTP trigger are not among them, unless queues or blobs are to be bound for
/// them: then there is a method that runs what it is given.
/// </summary>
internal static class FunctionEmitter
{
    /// <summary>The name of a function that no trigger starts: it is called once, for its binding.</summary>
    public const string ClientFunction = "LocalHostDurableClient";

    /// <summary>The parameter of an HTTP function's method: what to run, by a <see cref="Func{Binder, Task}"/>.</summary>
    public const string Body = "body";

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
                Type result = function.Trigger.IsDurable ? typeof(Task<object>) : typeof(Task);
                MethodBuilder method = DefineMethod(type, function.Name, result, [InputType(function), typeof(Binder)]);
                method.DefineParameter(1, ParameterAttributes.None, function.Trigger.Name).SetCustomAttribute(trigger);
                method.DefineParameter(2, ParameterAttributes.None, "_binder");
                EmitCall(method, "InvokeAsync", il => il.Emit(OpCodes.Ldarg_2), il => il.Emit(OpCodes.Ldstr, function.Name));
            }
            else if (function.Storage.Count > 0)
            {
                MethodBuilder method = DefineMethod(type, function.Name, typeof(Task), [typeof(Func<Binder, Task>), typeof(Binder)]);
                method.SetCustomAttribute(Attribute<NoAutomaticTriggerAttribute>());
                method.DefineParameter(1, ParameterAttributes.None, Body);
                method.DefineParameter(2, ParameterAttributes.None, "_binder");
                EmitBody(method);
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
        "queueTrigger" => AttributeWith<QueueTriggerAttribute>("Connection", trigger.AccountSetting, trigger.Location),
        "blobTrigger" => AttributeWith<BlobTriggerAttribute>("Connection", trigger.AccountSetting, trigger.Location),
        _ => null,
    };

    // As the Functions host chooses it. What is in the message or blob it knows only if the worker is not the one that reads it.
    private static Type InputType(AppFunction function) => function.Trigger switch
    {
        { IsTimer: true } => typeof(TimerInfo),
        { IsDeferred: true } when !HasExpression(function) => typeof(ParameterBindingData),
        { Type: "blobTrigger" } or { IsBinary: true } => typeof(byte[]),
        _ => typeof(string),
    };

    // Only the first of the other bindings, inputs before outputs, counts.
    private static bool HasExpression(AppFunction function) =>
        function.Bindings.Where(binding => !binding.IsTrigger).OrderBy(binding => binding.IsOutput).FirstOrDefault()?.Location.Contains('{') is true;

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

    // return body(binder);
    private static void EmitBody(MethodBuilder method)
    {
        ILGenerator il = method.GetILGenerator();
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Callvirt, typeof(Func<Binder, Task>).GetMethod("Invoke")!);
        il.Emit(OpCodes.Ret);
    }

    private static CustomAttributeBuilder Attribute<T>(params string[] arguments) =>
        new(Constructor<T>(arguments), [.. arguments]);

    private static CustomAttributeBuilder AttributeWith<T>(string property, string? value, params string[] arguments) =>
        value is null ? Attribute<T>(arguments) : new(Constructor<T>(arguments), [.. arguments], [typeof(T).GetProperty(property)!], [value]);

    private static ConstructorInfo Constructor<T>(string[] arguments) => typeof(T).GetConstructor([.. arguments.Select(_ => typeof(string))])!;
}
