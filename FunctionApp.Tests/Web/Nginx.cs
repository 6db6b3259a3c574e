using System.Net;
using System.Net.Sockets;
using CliWrap;

namespace FunctionApp.Tests.Web;

/// <summary>A real nginx, which shows a service under the path <c>/api/</c>: Debian's, or the one that the environment variable NGINX names.</summary>
internal sealed class Nginx : IAsyncDisposable
{
    private static readonly string Executable = Environment.GetEnvironmentVariable("NGINX") is { Length: > 0 } path ? path : "/usr/sbin/nginx";

    private readonly CancellationTokenSource _end = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nginx-");
    private readonly Task _process;

    private Nginx(Uri service, int port)
    {
        Address = new Uri($"http://127.0.0.1:{port}/api/");
        string configuration = Path.Combine(_folder.FullName, "nginx.conf");
        File.WriteAllText(configuration, $$"""
            daemon off;
            master_process off;
            pid {{_folder.FullName}}/nginx.pid;
            error_log {{_folder.FullName}}/error.log;
            events {}
            http {
              access_log off;
              client_body_temp_path {{_folder.FullName}}/body;
              proxy_temp_path {{_folder.FullName}}/proxy;
              fastcgi_temp_path {{_folder.FullName}}/fastcgi;
              uwsgi_temp_path {{_folder.FullName}}/uwsgi;
              scgi_temp_path {{_folder.FullName}}/scgi;
              server {
                listen 127.0.0.1:{{port}};
                location /api/ {
                  proxy_pass {{service}};
                  proxy_http_version 1.1;
                  proxy_set_header X-Forwarded-Host $http_host;
                  proxy_set_header X-Forwarded-Proto $scheme;
                  proxy_set_header X-Forwarded-Prefix /api;
                }
              }
            }
            """);
        _process = Cli.Wrap(Executable).WithArguments(["-p", _folder.FullName, "-c", configuration])
            .WithValidation(CommandResultValidation.None).ExecuteAsync(_end.Token);
    }

    /// <summary>Where the service is behind it, with a slash at the end.</summary>
    public Uri Address { get; }

    /// <summary>Skips the test where there is no nginx.</summary>
    public static async Task<Nginx> StartAsync(Uri service)
    {
        Assert.SkipUnless(
            File.Exists(Executable),
            $"There is no nginx at {Executable}. Install it ('apt-get install nginx-light'), or name another one in the environment variable NGINX.");
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        int port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();

        var nginx = new Nginx(service, port);
        await Eventually.AreEqual(true, async () =>
        {
            Assert.False(nginx._process.IsCompleted, "nginx has ended.");
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        });
        return nginx;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _process.ContinueWith(_ => { }, TaskScheduler.Default);
        _end.Dispose();
        _folder.Delete(recursive: true);
    }
}
