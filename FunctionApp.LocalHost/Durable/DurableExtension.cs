using Microsoft.AspNetCore.Mvc.WebApiCompatShim;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Azure.WebJobs.Host.Config;

namespace FunctionApp.LocalHost.Durable;

/// <summary>The genuine Durable extension, with the WebJobs host that it lives in.</summary>
internal static class DurableExtension
{
    /// <summary>Where the extension's management API is served.</summary>
    public const string WebHookPath = "/runtime/webhooks/durabletask";

    public static IServiceCollection AddDurableExtension(this IServiceCollection services, DurableFunctions functions)
    {
        services.AddWebJobs(_ => { }).AddDurableTask();
        services.AddSingleton<ITypeLocator>(functions);
        services.AddSingleton<IJobActivator>(functions);
#pragma warning disable CS0618 // The extension needs it all the same.
        return services.AddSingleton<IWebHookProvider>(functions);
#pragma warning restore CS0618
    }

    public static void MapManagementApi(this WebApplication app) =>
        app.Map($"{WebHookPath}/{{**rest}}", (RequestDelegate)(async context =>
        {
            using HttpRequestMessage request = new HttpRequestMessageFeature(context).HttpRequestMessage;
            using HttpResponseMessage answer = await context.RequestServices.GetServices<IExtensionConfigProvider>()
                .OfType<IAsyncConverter<HttpRequestMessage, HttpResponseMessage>>().Single()
                .ConvertAsync(request, context.RequestAborted);
            context.Response.StatusCode = (int)answer.StatusCode;
            foreach ((string name, IEnumerable<string> values) in answer.Headers.Concat(answer.Content.Headers))
            {
                context.Response.Headers[name] = values.ToArray();
            }

            await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }));
}
