using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.DurableTask;

namespace FunctionApp.Emulator.Durable;

/// <summary>What happened to an orchestration instance, in the order in which its code saw it.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(TurnStarted), "turn")]
[JsonDerivedType(typeof(TaskScheduled), "scheduled")]
[JsonDerivedType(typeof(TaskCompleted), "completed")]
[JsonDerivedType(typeof(TaskFailed), "failed")]
[JsonDerivedType(typeof(TimerCreated), "timer")]
[JsonDerivedType(typeof(TimerFired), "fired")]
internal abstract record HistoryEvent
{
    public string ToJson() => JsonSerializer.Serialize(this, HistoryJson.Default.HistoryEvent);

    public static HistoryEvent FromJson(string json) => JsonSerializer.Deserialize(json, HistoryJson.Default.HistoryEvent)!;
}

/// <summary>The code ran, from the start or with the events that follow; its clock showed <c>At</c>.</summary>
internal sealed record TurnStarted(DateTime At) : HistoryEvent;

/// <summary>The code asked for something; <c>Id</c> counts its requests from 0.</summary>
internal abstract record RequestEvent(int Id) : HistoryEvent;

internal sealed record TaskScheduled(int Id, string Name, string? Input) : RequestEvent(Id);

internal sealed record TimerCreated(int Id, DateTime FireAt) : RequestEvent(Id);

/// <summary>The answer to the request of the same <c>Id</c>.</summary>
internal abstract record AnswerEvent(int Id) : HistoryEvent;

internal sealed record TaskCompleted(int Id, string? Result) : AnswerEvent(Id);

internal sealed record TaskFailed(int Id, TaskFailureDetails Failure) : AnswerEvent(Id);

internal sealed record TimerFired(int Id) : AnswerEvent(Id);

[JsonSerializable(typeof(HistoryEvent))]
[JsonSerializable(typeof(TaskFailureDetails))]
internal sealed partial class HistoryJson : JsonSerializerContext;
