namespace FunctionApp;

/// <summary>
/// What was sent is not accepted. <see cref="ProblemDetailsMiddleware"/> answers with the status and, as the
/// <c>detail</c>, with <see cref="Exception.Message"/>, which is a sentence for the caller.
/// </summary>
public sealed class RequestRefusedException(int statusCode, string detail) : Exception(detail)
{
    public int StatusCode => statusCode;
}
