using System.Text.Json;
using FunctionApp;
using FunctionApp.Multiply;
using FunctionApp.Tasks;
using FunctionApp.Tasks.Batches;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

try
{
    FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder(args);
    builder.ConfigureFunctionsWebApplication();
    builder.UseMiddleware<ProblemDetailsMiddleware>();
    builder.AddTelemetry();
    builder.Services.AddTasks(builder.Configuration);
    builder.Services.AddOptions<SlowMultiplyOptions>().Configure<IConfiguration>(SlowMultiplyOptions.Read).ValidateOnStart();
    builder.Services.AddBatch<SlowMultiply, Multiplication, JsonElement>(
        services => services.GetRequiredService<IOptions<SlowMultiplyOptions>>().Value.Kind, Multiplication.Read, multiply => multiply.MultiplyAsync);

    using IHost host = builder.Build();
    await host.Services.CreateTablesAsync();
    await host.RunAsync();
    return 0;
}
catch (StartupException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
