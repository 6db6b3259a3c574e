using System.Text.Json.Serialization;

namespace FunctionApp.Tasks;

/// <summary>Input of a task's activity.</summary>
/// <param name="TaskId">The task's ID.</param>
/// <param name="Orchestration">What the orchestration was started with. Histories from before it had this name have it as <c>Start</c>.</param>
/// <param name="Number">From 1 on.</param>
public sealed record TaskAttempt(string TaskId, [property: JsonPropertyName("Start")] OrchestrationInput Orchestration, int Number);
