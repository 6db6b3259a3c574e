using System.Text.RegularExpressions;
using CliWrap;
using CliWrap.Buffered;

namespace Bench.Systems;

/// <summary>wrk, which takes much less of the processors than a client on .NET: https://github.com/wg/wrk</summary>
internal static partial class Wrk
{
    /// <summary>GETs of these paths, one after the other, again and again.</summary>
    /// <returns>Answers a second.</returns>
    public static Task<double> GetAsync(Uri url, int clients, TimeSpan time, IEnumerable<string> paths) => RunAsync(
        url, clients, time, $$"""
        local paths = { {{string.Join(',', paths.Select(path => $"\"{path}\""))}} }
        local i = 0
        request = function() i = i % #paths + 1; return wrk.format("GET", paths[i]) end
        """);

    public static Task<double> PostAsync(Uri url, int clients, TimeSpan time, string path, string json) => RunAsync(
        url, clients, time, $"""
        wrk.method, wrk.path, wrk.body = "POST", "{path}", [[{json}]]
        wrk.headers["Content-Type"] = "application/json"
        """);

    private static async Task<double> RunAsync(Uri url, int clients, TimeSpan time, string script)
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, script);
            BufferedCommandResult result = await Cli.Wrap("wrk")
                .WithArguments(["--threads", "1", "--connections", $"{clients}", "--duration", $"{time.TotalSeconds}s", "--script", file, url.AbsoluteUri])
                .ExecuteBufferedAsync();
            return double.Parse(Rate().Match(result.StandardOutput).Groups[1].Value);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex Rate();
}
