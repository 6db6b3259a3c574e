using Azure;
using Azure.Data.Tables.Models;
using Azure.Identity;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace FunctionApp;

/// <summary>What can go wrong with a request, as RFC 9457 problem details.</summary>
internal static class Problems
{
    /// <summary>400: one part of the request is wrong.</summary>
    /// <param name="name">The parameter, header or member.</param>
    public static IResult Invalid(string name, string message) => TypedResults.ValidationProblem(
        new Dictionary<string, string[]> { [name] = [message] }, $"{name} {message}.");

    /// <summary>
    /// Whether an exception means that storage or the task hub could not be reached for now: what the Azure SDK throws
    /// when its retries are used up or its token request fails, what the durable client throws when the host does not
    /// answer, and what either throws when a time limit cancels it.
    /// </summary>
    public static bool IsOutage(Exception exception) => exception switch
    {
        RequestFailedException e => e.Status is 0 or 408 or 429 or >= 500 || e.ErrorCode == TableErrorCode.TableBeingDeleted,
        AggregateException e => e.InnerExceptions.All(IsOutage),
        RpcException e => e.StatusCode is not (StatusCode.InvalidArgument or StatusCode.Unimplemented or StatusCode.PermissionDenied),
        AuthenticationFailedException or OperationCanceledException or TimeoutException => true,
        _ => false,
    };
}
