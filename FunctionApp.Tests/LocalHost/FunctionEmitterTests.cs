using System.Reflection;
using System.Text.Json;
using DurableLocalHost;
using DurableLocalHost.WebJobs;
using Microsoft.Azure.WebJobs;

namespace FunctionApp.Tests.LocalHost;

/// <summary>What WebJobs is told of functions with queues and blobs: what the Functions host tells it.</summary>
public sealed class FunctionEmitterTests
{
    private const string Deferred = """, "properties": { "supportsDeferredBinding": "True" }""";

    [Theory]
    [InlineData("", "", "String")]
    [InlineData(""", "dataType": "Binary" """, "", "Byte[]")]
    [InlineData(Deferred, "", "ParameterBindingData")]
    [InlineData(Deferred, """, { "name": "x", "type": "blob", "blobPath": "a/b" }""", "ParameterBindingData")]
    [InlineData(Deferred, """, { "name": "x", "type": "blob", "blobPath": "a/{id}" }""", "String")]
    [InlineData(
        Deferred, """, { "name": "x", "type": "queue", "direction": "Out", "queueName": "{id}" }, { "name": "y", "type": "blob", "direction": "In", "blobPath": "a" }""",
        "ParameterBindingData")]
    public void A_message_is_read_by_the_host_unless_the_worker_does_and_no_name_depends_on_it(string properties, string others, string type)
    {
        ParameterInfo parameter = Emit($$"""{ "name": "message", "type": "queueTrigger", "queueName": "q", "connection": "Orders"{{properties}} }{{others}}""");

        Assert.Equal(("message", type), (parameter.Name, parameter.ParameterType.Name));
        QueueTriggerAttribute trigger = parameter.GetCustomAttribute<QueueTriggerAttribute>()!;
        Assert.Equal(("q", "Orders"), (trigger.QueueName, trigger.Connection));
    }

    [Theory]
    [InlineData(Deferred, "", "ParameterBindingData")]
    [InlineData(Deferred, """, { "name": "$return", "type": "blob", "direction": "Out", "blobPath": "a/{name}" }""", "Byte[]")]
    public void A_blob_is_bytes_if_it_is_the_host_that_reads_it(string properties, string others, string type)
    {
        ParameterInfo parameter = Emit($$"""{ "name": "blob", "type": "blobTrigger", "path": "c/{name}", "dataType": "String"{{properties}} }{{others}}""");

        Assert.Equal(type, parameter.ParameterType.Name);
        BlobTriggerAttribute trigger = parameter.GetCustomAttribute<BlobTriggerAttribute>()!;
        Assert.Equal(("c/{name}", null), (trigger.BlobPath, trigger.Connection));
    }

    private static ParameterInfo Emit(string bindings)
    {
        string json = $$"""{ "name": "F", "language": "dotnet-isolated", "bindings": [{{bindings}}] }""";
        AppFunction function = JsonSerializer.Deserialize<AppFunction>(json, JsonSerializerOptions.Web)!;
        return FunctionEmitter.Create([function], null!, () => new Uri("http://localhost")).GetType().GetMethod("F")!.GetParameters()[0];
    }
}
