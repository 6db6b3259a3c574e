using FunctionApp;
using FunctionApp.Multiply;
using FunctionApp.Tasks;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

try
{
    FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder(args);
    builder.ConfigureFunctionsWebApplication();
    builder.UseMiddleware<ProblemDetailsMiddleware>();
    builder.Services.Configure<KestrelServerOptions>(server => server.Limits.MaxRequestBodySize = RequestBody.HostLimit);
    builder.AddTelemetry();
    builder.Services.AddSingleton(new PathPrefix(builder.Configuration));
    builder.Services.AddSingleton(new PublicUrl(builder.Configuration));
    builder.Services.AddTasks(builder.Configuration);
    builder.Services.AddOptions<SlowMultiplyOptions>().Configure<IConfiguration>(SlowMultiplyOptions.Read).ValidateOnStart();
    builder.Services.AddTaskKind<SlowMultiply>();

    using IHost host = builder.Build();
    await host.Services.PrepareTasksAsync();
    await host.RunAsync();
    return 0;
}
catch (StartupException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
