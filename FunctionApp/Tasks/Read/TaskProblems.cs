using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace FunctionApp.Tasks;

/// <summary>Problem details about a task, whose status they have as <c>task_status</c>.</summary>
internal static class TaskProblems
{
    /// <summary>404: there is no such task.</summary>
    public static IResult Unknown() => NotFound("Unknown", "There is no such task.");

    /// <summary>404: tasks of that kind cannot be submitted here.</summary>
    public static IResult NoSuchKind() => TypedResults.Problem("There is no such kind of task.", statusCode: StatusCodes.Status404NotFound);

    /// <summary>409: the task's status does not allow what was asked for.</summary>
    public static IResult Conflict(string status, string detail) => Problem(StatusCodes.Status409Conflict, status, detail);

    /// <summary>412: the task is not what the caller has seen.</summary>
    public static IResult Changed(string status) =>
        Problem(StatusCodes.Status412PreconditionFailed, status, "The task has changed since: get it again.");

    /// <summary>404: the task has not what was asked for.</summary>
    public static ProblemHttpResult NotFound(string status, string detail) => Problem(StatusCodes.Status404NotFound, status, detail);

    private static ProblemHttpResult Problem(int statusCode, string status, string detail) => TypedResults.Problem(
        detail,
        statusCode: statusCode,
        extensions: [KeyValuePair.Create<string, object?>("task_status", status)]);
}
