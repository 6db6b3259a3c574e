namespace FunctionApp.Tests.Api;

/// <summary>
/// The API under test, for the tests that only speak HTTP: the host at API_BASE_URL (with the function key API_KEY, if
/// set), else one app of the tests' own.
/// </summary>
public sealed class ApiFixture : IAsyncLifetime
{
    private IAsyncDisposable? _own;
    private HttpClient? _http;

    public HttpClient Http
    {
        get
        {
            Assert.SkipWhen(_http is null, "There is no emulator in this flavour: set API_BASE_URL to a running host.");
            return _http!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("API_BASE_URL") is { Length: > 0 } baseUrl)
        {
            _http = new HttpClient { BaseAddress = new Uri(baseUrl), Timeout = TimeSpan.FromMinutes(1) };
            if (Environment.GetEnvironmentVariable("API_KEY") is { Length: > 0 } key)
            {
                _http.DefaultRequestHeaders.Add("x-functions-key", key);
            }
        }
        else if (await OwnHost.StartAsync() is var (host, http))
        {
            (_own, _http) = (host, http);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        if (_own is not null)
        {
            await _own.DisposeAsync();
        }
    }
}
