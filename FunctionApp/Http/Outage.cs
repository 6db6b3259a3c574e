using Azure;
using Azure.Data.Tables.Models;
using Azure.Identity;
using Grpc.Core;

namespace FunctionApp;

/// <summary>Tells what will pass from what will not.</summary>
internal static class Outage
{
    /// <summary>
    /// Whether an exception means that storage or the task hub could not be reached for now: what the Azure SDK throws
    /// when its retries are used up or its token request fails, what the durable client throws when the host does not
    /// answer, and what either throws when a time limit cancels it.
    /// </summary>
    public static bool Is(Exception exception) => exception switch
    {
        RequestFailedException e => e.Status is 0 or 408 or 429 or >= 500 || e.ErrorCode == TableErrorCode.TableBeingDeleted,
        AggregateException e => e.InnerExceptions.All(Is),
        RpcException e => e.StatusCode is not (StatusCode.InvalidArgument or StatusCode.Unimplemented or StatusCode.PermissionDenied),
        AuthenticationFailedException or OperationCanceledException or TimeoutException => true,
        _ => false,
    };
}
