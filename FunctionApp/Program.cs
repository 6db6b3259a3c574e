using FunctionApp;
using FunctionApp.Multiply;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

try
{
    FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder(args);
    builder.ConfigureFunctionsWebApplication();
    builder.AddTelemetry();

    using var results = new ResultsTable(StorageAccount.ConnectTable(builder.Configuration, "ResultsTable", "results"));
    builder.Services.AddSingleton(results);
    builder.Services.AddSingleton(SlowMultiplySettings.Read(builder.Configuration));

    using IHost host = builder.Build();
    await results.CreateIfNotExistsAsync();
    await host.RunAsync();
    return 0;
}
catch (StartupException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
