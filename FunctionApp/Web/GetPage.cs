using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace FunctionApp.Web;

/// <summary>
/// <c>GET /</c>: the page of the tasks, <c>GET /docs</c>: the API's reference, and <c>GET /assets/{version}/{name}</c>: their files.
/// They hold no data, so they need no key.
/// </summary>
public sealed class GetPage
{
    // An empty route would be the function's name. This one matches the empty path only.
    private const string Root = "{ignored:maxlength(0)?}";

    [Function(nameof(GetPage))]
    public IResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Root)] HttpRequest request) =>
        WebFiles.Page(request.HttpContext.Response, "index.html");

    // A page names its files beside itself: with a slash at the end they would be elsewhere.
    [Function(nameof(GetReference))]
    public IResult GetReference([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "docs")] HttpRequest request) =>
        request.Path.Value!.EndsWith('/') ? TypedResults.Redirect("../docs") : WebFiles.Page(request.HttpContext.Response, "docs.html");

    [Function(nameof(GetAsset))]
    public IResult GetAsset(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "assets/{version}/{name}")] HttpRequest request, string version, string name) =>
        WebFiles.Asset(request.HttpContext.Response, version, name);
}
