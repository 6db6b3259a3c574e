namespace FunctionApp.LocalHost;

/// <summary>What the hosts within this host have in common: one log, and no ear for signals, which <see cref="FunctionHost"/> alone obeys.</summary>
internal static class Hosting
{
    public static WebApplicationBuilder CreateWebBuilder(ILoggerFactory loggers)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRouting();
        builder.Services.ShareLog(loggers);
        return builder;
    }

    public static void ShareLog(this IServiceCollection services, ILoggerFactory loggers)
    {
        services.AddSingleton(loggers);
        services.AddSingleton<IHostLifetime, NoLifetime>();
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
