using DurableSample;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder(args);
if (builder.Configuration["WithoutAspNetCore"] is null)
{
    builder.ConfigureFunctionsWebApplication();
}

TracedFunctions.Listen();
await builder.Build().RunAsync();
