namespace DurableTask.Core.Exceptions;

/// <summary>The instance ID is taken, by an instance in one of the statuses to be deduplicated.</summary>
/// <remarks>Of the package Microsoft.Azure.DurableTask.Core, which the official client depends on.</remarks>
public class OrchestrationAlreadyExistsException(string message) : InvalidOperationException(message);
