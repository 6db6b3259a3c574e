// Submits a multiplication and follows it to its end: dotnet run samples/client.cs [URL] [KEY]
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

using var http = new HttpClient { BaseAddress = new Uri(args.FirstOrDefault() ?? "http://localhost:7071"), Timeout = TimeSpan.FromSeconds(90) };
if (args.Length > 1)
{
    http.DefaultRequestHeaders.Add("x-functions-key", args[1]);
}

// With a key of its own the request can be repeated after a broken connection: the task runs once.
using var submission = new HttpRequestMessage(HttpMethod.Post, "/multiply")
{
    Content = new StringContent("""{"x": 2.3, "y": 2.0}""", Encoding.UTF8, "application/json"),
    Headers = { { "Idempotency-Key", Guid.NewGuid().ToString() } },
};
using HttpResponseMessage accepted = await SendAsync(submission);
string monitor = accepted.Headers.GetValues("Operation-Location").Single();

var etag = new EntityTagHeaderValue("\"none\"");
JsonElement task = default;
string status = "Pending";
while (status is not ("Succeeded" or "Failed" or "Canceled"))
{
    // Answered as soon as anything has changed.
    using var question = new HttpRequestMessage(HttpMethod.Get, monitor)
    {
        Headers = { { "Prefer", "wait=30" }, { "If-None-Match", etag.ToString() } },
    };
    using HttpResponseMessage answer = await SendAsync(question);
    if (answer.StatusCode == HttpStatusCode.OK)
    {
        etag = answer.Headers.ETag!;
        task = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        status = task.GetProperty("status").GetString()!;
        Console.WriteLine($"{status} {task.GetProperty("progress")}");
    }
}

Console.WriteLine(status == "Succeeded" ? task.GetProperty("result") : task.GetProperty("error").GetProperty("detail"));

// Says what the API says is wrong.
async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
{
    HttpResponseMessage answer = await http.SendAsync(request);
    return answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.NotModified
        ? answer
        : throw new HttpRequestException(await answer.Content.ReadAsStringAsync());
}
