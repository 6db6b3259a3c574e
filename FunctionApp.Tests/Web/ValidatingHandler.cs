using System.Text.RegularExpressions;

namespace FunctionApp.Tests.Web;

/// <summary>Lets no answer pass that does not fit the API's own description. Requests that it does not know are none of its business.</summary>
internal sealed class ValidatingHandler() : DelegatingHandler(new HttpClientHandler { AllowAutoRedirect = false })
{
    // Fixed segments before parameters, as routing has it.
    private static readonly (Regex Pattern, string Path)[] Paths =
    [
        .. OpenApi.Operations().Select(operation => operation.Path).Distinct().OrderBy(path => path.Count(character => character == '{'))
            .Select(path => (new Regex($"^{Regex.Replace(path, @"\{[^}]*\}", "[^/]+")}/?$", RegexOptions.IgnoreCase), path)),
    ];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
        string method = request.Method.Method.ToLowerInvariant();
        string? path = Paths.FirstOrDefault(one =>
            one.Pattern.IsMatch(request.RequestUri!.AbsolutePath) && OpenApi.Operations().Contains((one.Path, method))).Path;
        if (path is not null)
        {
            await OpenApi.AssertValidAsync(response, path, method);
        }

        return response;
    }
}
