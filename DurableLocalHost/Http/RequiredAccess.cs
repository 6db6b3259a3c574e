namespace DurableLocalHost.Http;

/// <summary>What a key gives access to. None includes another, but Admin all.</summary>
internal enum AccessLevel
{
    Anonymous,
    User,
    Function,
    System,
    Admin,
}

/// <summary>What an endpoint asks of its callers, where the host has keys.</summary>
/// <param name="Level">The level that a key must have, unless it is the master key.</param>
/// <param name="Function">The function whose own key will do; null if it is none.</param>
internal sealed record RequiredAccess(AccessLevel Level, string? Function = null);

/// <summary>Lets those requests pass that have a key, where the host has keys.</summary>
internal static class RequiredAccessMiddleware
{
    /// <summary>
    /// Answers for others: with an empty 401, or 403 if the key is for something else that is no function, which is how ASP.NET Core tells
    /// them apart in the Functions host's own API.
    /// </summary>
    public static void UseAccessKeys(this WebApplication app, AccessKeys keys) => app.Use((context, next) =>
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<RequiredAccess>() is not { Level: not AccessLevel.Anonymous } required)
        {
            return next(context);
        }

        AccessLevel? given = keys.Read(context.Request, required.Function);
        if (given is AccessLevel.Admin || given == required.Level)
        {
            return next(context);
        }

        bool isKnown = given is not null && required.Function is null;
        context.Response.StatusCode = isKnown ? StatusCodes.Status403Forbidden : StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    });
}
