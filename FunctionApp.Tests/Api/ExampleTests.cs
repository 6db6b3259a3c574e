using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using FunctionApp.Tests.Web;

namespace FunctionApp.Tests.Api;

/// <summary>Every example of a request in the API's own description is sent, as the app serves it today.</summary>
[Collection<FastCollection>]
public sealed class ExampleTests(FastApi api)
{
    private const string Webhook = "webhook";

    public static TheoryData<string, string, string> Examples()
    {
        var examples = new TheoryData<string, string, string>();
        foreach ((string path, string method) in OpenApi.Operations())
        {
            JsonNode operation = OpenApi.Document["paths"]![path]![method]!;
            foreach (string body in operation["requestBody"]?["content"]!["application/json"]!["examples"]!.AsObject().Select(example => example.Key) ?? [])
            {
                examples.Add(path, method, $"body {body}");
            }

            foreach (JsonNode parameter in (operation["parameters"]?.AsArray() ?? []).Select(one => OpenApi.Resolve(one!, OpenApi.Document)))
            {
                if (parameter["example"] is not null)
                {
                    examples.Add(path, method, (string)parameter["name"]!);
                }
            }
        }

        return examples;
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task It_is_accepted(string path, string method, string example)
    {
        Assert.SkipWhen(example == Webhook && Environment.GetEnvironmentVariable("API_BASE_URL") is { Length: > 0 }, "The host at API_BASE_URL may not send webhooks.");
        JsonNode document = JsonNode.Parse(await api.Http.GetStringAsync("/openapi.json"))!;
        JsonNode operation = document["paths"]![path]![method]!;
        bool isBatch = path.Contains("/batch");

        // An example of an ID names no task. A webhook is not to be sent from here: its task does not end.
        string query = example == Webhook ? "?delay=86400" : "?";
        string target = path;
        if (target.Contains("{task_id}") && example != "task_id")
        {
            target = target.Replace("{task_id}", await SubmitAsync(isBatch, ended: method != "patch" && !path.EndsWith("/cancel")));
        }

        using var request = new HttpRequestMessage(new HttpMethod(method), "");
        if (method is "post" or "patch")
        {
            JsonObject bodies = operation["requestBody"]?["content"]!["application/json"]!["examples"]!.AsObject() ?? [];
            JsonNode? body = bodies.FirstOrDefault(one => !example.StartsWith("body ") || $"body {one.Key}" == example).Value?["value"];
            request.Content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8);
        }

        JsonNode? parameter = (operation["parameters"]?.AsArray() ?? []).Select(one => OpenApi.Resolve(one!, document)).FirstOrDefault(one => (string)one["name"]! == example);
        foreach (string value in parameter?["example"] is JsonArray many ? many.Select(one => $"{one}") : parameter is null ? [] : [$"{parameter["example"]}"])
        {
            switch ((string)parameter!["in"]!)
            {
                case "query":
                    query += $"&{example}={Uri.EscapeDataString(value)}";
                    break;
                case "header":
                    request.Headers.TryAddWithoutValidation(example, value);
                    break;
                default:
                    target = target.Replace($"{{{example}}}", value);
                    break;
            }
        }

        request.RequestUri = new Uri(target + query, UriKind.Relative);
        using HttpResponseMessage response = await api.Http.SendAsync(request);

        if (example == "task_id")
        {
            await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Unknown", response);
            return;
        }

        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        if (example == "Idempotency-Key")
        {
            // The next who sends this key sends it with another submission.
            string accepted = await response.ReadTaskIdAsync();
            await api.Http.WaitForStatusAsync(accepted, "Succeeded");
            using HttpResponseMessage deleted = await api.Http.DeleteAsync($"/tasks/{accepted}");
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        }
    }

    private async Task<string> SubmitAsync(bool isBatch, bool ended)
    {
        using var body = new StringContent(isBatch ? """{"items": [{"x": 6, "y": 7}]}""" : """{"x": 6, "y": 7}""");
        using HttpResponseMessage accepted = await api.Http.PostAsync($"/multiply{(isBatch ? "/batch" : "")}{(ended ? "" : "?delay=600")}", body);
        string taskId = await accepted.ReadTaskIdAsync();
        await api.Http.WaitForStatusAsync(taskId, ended ? "Succeeded" : "Scheduled");
        return taskId;
    }
}
