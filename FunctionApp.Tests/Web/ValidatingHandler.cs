using System.Text.RegularExpressions;

namespace FunctionApp.Tests.Web;

/// <summary>Lets no answer pass that does not fit the API's own description. Requests that it does not know are none of its business.</summary>
internal sealed class ValidatingHandler() : DelegatingHandler(new HttpClientHandler { AllowAutoRedirect = false })
{
    // Fixed segments before parameters, as routing has it.
    private static readonly (Regex Pattern, string Path, string Method)[] Operations =
    [
        .. OpenApi.Operations().OrderBy(operation => operation.Path.Count(character => character == '{')).Select(operation =>
            (new Regex($"^{Regex.Replace(operation.Path, @"\{[^}]*\}", "[^/]+")}/?$", RegexOptions.IgnoreCase), operation.Path, operation.Method)),
    ];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
        string method = request.Method.Method.ToLowerInvariant();
        string? path = Array.Find(Operations, one => one.Method == method && one.Pattern.IsMatch(request.RequestUri!.AbsolutePath)).Path;
        if (path is not null)
        {
            await OpenApi.AssertValidAsync(response, path, method);
        }

        return response;
    }
}
