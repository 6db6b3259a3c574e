using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace FunctionApp.Web;

/// <summary><c>GET /openapi.json</c>: the API's own description, in OpenAPI 3.1.</summary>
public sealed class GetOpenApi(TimeProvider time)
{
    [Function(nameof(GetOpenApi))]
    public IResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "openapi.json")] HttpRequest request) =>
        WebFiles.Description(request.HttpContext.Response, time.GetUtcNow());
}
