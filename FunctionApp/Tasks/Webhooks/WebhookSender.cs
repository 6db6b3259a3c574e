using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using StandardWebhooks;

namespace FunctionApp.Tasks.Webhooks;

/// <summary>What came of one attempt.</summary>
/// <param name="Status">The HTTP status of the answer; null if there was none.</param>
/// <param name="Description">The status as text, or why there was none.</param>
/// <param name="RetryAfter">How long the receiver wants to be left alone; null if it did not say.</param>
public sealed record WebhookAnswer(HttpStatusCode? Status, string Description, TimeSpan? RetryAfter = null)
{
    /// <summary>Whether the receiver has it, or wants no more.</summary>
    public bool IsFinal => Status is (>= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices) or HttpStatusCode.Gone;
}

/// <summary>
/// Sends one signed request, as Standard Webhooks has it: https://www.standardwebhooks.com. It follows no redirects,
/// takes at most 10 seconds, and connects to public addresses only, whatever the name resolves to, unless the host is
/// among those allowed.
/// </summary>
public sealed class WebhookSender : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    // Receivers want to know in their logs who calls: this app, by its assembly's name.
    private static readonly AssemblyName App = typeof(WebhookSender).Assembly.GetName();
    private static readonly ProductInfoHeaderValue UserAgent = new(App.Name!, App.Version!.ToString(fieldCount: 3));

    // Where the connection is made, the request is not known any more: so there is a client for each.
    private readonly HttpClient _public = CreateClient(publicOnly: true);
    private readonly HttpClient _allowed = CreateClient(publicOnly: false);
    private readonly WebhookSettings _settings;
    private readonly TimeProvider _time;

    public WebhookSender(IOptions<WebhookSettings> settings, TimeProvider time)
    {
        _settings = settings.Value;
        _time = time;
    }

    /// <param name="id">The same whenever the same is sent again.</param>
    public async Task<WebhookAnswer> SendAsync(
        Uri url, string id, object body, JsonSerializerOptions json, CancellationToken cancellationToken)
    {
        if (_settings.Refusal(url.OriginalString) is { } refusal)
        {
            // The settings have changed since the submission, and do not allow this address any more.
            return new(null, $"the URL {refusal}");
        }

        string text = JsonSerializer.Serialize(body, json);
        DateTimeOffset now = _time.GetUtcNow();
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(text, Encoding.UTF8, "application/json") };
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", now.ToUnixTimeSeconds().ToString());
        request.Headers.Add("webhook-signature", string.Join(' ', Signatures(id, now, text)));
        request.Headers.UserAgent.Add(UserAgent);
        HttpClient http = _settings.IsAllowed(url) ? _allowed : _public;
        try
        {
            // The body of the answer does not matter: it is not read.
            using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            RetryConditionHeaderValue? retryAfter = response.Headers.RetryAfter;
            return new(response.StatusCode, ((int)response.StatusCode).ToString(), retryAfter?.Delta ?? retryAfter?.Date - _time.GetUtcNow());
        }
        catch (HttpRequestException e)
        {
            return new(null, e.InnerException is AddressNotPublicException ? "the address is not public" : "no connection");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(null, "no answer within 10 seconds");
        }
    }

    public void Dispose()
    {
        _public.Dispose();
        _allowed.Dispose();
    }

    private string[] Signatures(string id, DateTimeOffset now, string text)
    {
        string[] signatures = [.. _settings.Secrets.Select(secret => new StandardWebhook(secret).Sign(id, now, text))];

        // Where there are several, receivers with the package StandardWebhooks 1.1 overlook the last: it is one they have seen.
        return signatures.Length == 1 ? signatures : [.. signatures, signatures[0]];
    }

    private static HttpClient CreateClient(bool publicOnly) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, publicOnly, cancellationToken),
    })
    {
        Timeout = Timeout,
    };

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint host, bool publicOnly, CancellationToken cancellationToken)
    {
        IPAddress[] addresses = await Dns.GetHostAddressesAsync(host.Host, cancellationToken);
        IPAddress[] usable = publicOnly ? [.. addresses.Where(PublicAddress.Is)] : addresses;
        if (usable.Length == 0)
        {
            throw new AddressNotPublicException();
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(usable, host.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class AddressNotPublicException() : IOException("The name resolves to no public address.");
}
