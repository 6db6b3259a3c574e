using Microsoft.AspNetCore.HostFiltering;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace DurableLocalHost.Http;

/// <summary>
/// Refuses what pages of other sites make a browser send to this machine: by a name of theirs that leads here (DNS rebinding), or with
/// an <c>Origin</c> that is not allowed. Programs that are no browsers send none.
/// </summary>
internal static class ForeignRequests
{
    private const string Any = "*";

    private static readonly string[] Loopback = ["localhost", "127.0.0.1", "[::1]"];

    // What means all of this machine's addresses, which others may then call by any name.
    private static readonly string[] Wildcards = [Any, "+", "0.0.0.0", "[::]"];

    /// <summary>This machine's names, those in the addresses where the host listens, and those in the setting AllowedHosts.</summary>
    public static IServiceCollection AddHostNames(this IServiceCollection services, AppSettings settings)
    {
        string[] listening = [.. settings.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(url => BindingAddress.Parse(url).Host)];
        string[] allowed = settings.Configuration["AllowedHosts"]?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        return services.AddHostFiltering(options =>
            options.AllowedHosts = listening.Any(Wildcards.Contains) ? [Any] : [.. Loopback.Union(listening).Union(allowed)]);
    }

    /// <summary>By Host 400, by Origin 403; and lets the pages of Host.CORS read the answers.</summary>
    public static void UseHostNamesAndCors(this WebApplication app)
    {
        LocalSettings local = app.Services.GetRequiredService<AppSettings>().Local;
        IList<string> names = app.Services.GetRequiredService<IOptions<HostFilteringOptions>>().Value.AllowedHosts;
        app.UseHostFiltering();
        app.Use(async (context, next) =>
        {
            if (context.Request.Headers.Origin is { Count: > 0 } origin && !IsAllowed(origin, context.Request.Host, names, local.CorsOrigins))
            {
                await TypedResults.Problem(
                    $"Pages of {origin} may not call this host. Host.CORS in local.settings.json names those that may.", statusCode: StatusCodes.Status403Forbidden)
                    .ExecuteAsync(context);
                return;
            }

            await next(context);
        });
        app.UseCors(policy => _ = (local.CorsCredentials ? policy.AllowCredentials() : policy).WithOrigins(local.CorsOrigins).AllowAnyHeader().AllowAnyMethod());
    }

    private static bool IsAllowed(StringValues origins, HostString host, IList<string> names, string[] cors) =>
        origins is [string origin]
        && (cors.Contains(Any) || cors.Contains(origin, StringComparer.OrdinalIgnoreCase)
            || (Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri)
                && (uri.Host == host.Host || names.Contains(uri.Host, StringComparer.OrdinalIgnoreCase))));
}
