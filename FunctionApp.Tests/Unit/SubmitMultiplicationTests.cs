using System.Text.Json;
using DurableTask.Core.Exceptions;
using FunctionApp.Multiply;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;
using Moq;

namespace FunctionApp.Tests.Unit;

public class SubmitMultiplicationTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private readonly Mock<DurableTaskClient> _client = new(MockBehavior.Strict, "test");
    private StartOrchestrationOptions? _options;
    private Multiplication? _task;

    [Fact]
    public async Task Starts_the_orchestration_with_the_task_ID_it_answers_and_the_callers_own_numbers()
    {
        StartSucceeds();
        HttpRequest request = Requests.Create("""{"x": 2.30, "y": 10000000000000000000000000, "z": null}""");

        (int status, JsonElement body) = await SubmitAsync(request);

        Assert.Equal(202, status);
        Assert.Equal(new Multiplication("2.30", "10000000000000000000000000", Limit), _task);
        string taskId = body.GetProperty("task_id").GetString()!;
        Assert.Equal(_options!.InstanceId, taskId);
        Assert.Equal($"/multiply/{taskId}", request.HttpContext.Response.Headers.Location);
        Assert.Equal("1", request.HttpContext.Response.Headers.RetryAfter);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[1, 2]")]
    [InlineData("""{"x": 1}""")]
    [InlineData("""{"x": 1, "y": NaN}""")]
    public async Task A_wrong_body_is_400_and_starts_nothing(string body)
    {
        HttpRequest request = Requests.Create(body);

        (int status, JsonElement problem) = await SubmitAsync(request);

        Assert.Equal(400, status);
        Assert.True(problem.GetProperty("errors").TryGetProperty("y", out _) || body == "[1, 2]");
        _client.VerifyNoOtherCalls();
    }

    [Fact]
    public async Task A_body_of_more_than_64_KiB_is_413()
    {
        HttpRequest request = Requests.Create($$"""{"x": 1, "y": 2, "z": "{{new string('z', 65_536)}}"}""");

        (int status, _) = await SubmitAsync(request);

        Assert.Equal(413, status);
        _client.VerifyNoOtherCalls();
    }

    [Fact]
    public async Task A_task_hub_out_of_reach_is_503_with_Retry_After()
    {
        Start().ThrowsAsync(new RpcException(new Status(StatusCode.Unavailable, "secret host")));
        HttpRequest request = Requests.Create("""{"x": 1, "y": 2}""");

        (int status, JsonElement problem) = await SubmitAsync(request);

        Assert.Equal(503, status);
        Assert.NotEmpty(request.HttpContext.Response.Headers.RetryAfter.ToString());
        Assert.DoesNotContain("secret", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_key_gives_the_same_task_ID_and_every_ended_status_is_deduplicated()
    {
        StartSucceeds();
        await SubmitAsync(Requests.Create("""{"x": 1, "y": 2}""", ("Idempotency-Key", "a")));
        string first = _options!.InstanceId!;
        await SubmitAsync(Requests.Create("""{"x": 1, "y": 2}""", ("Idempotency-Key", "a")));
        string second = _options.InstanceId!;
        await SubmitAsync(Requests.Create("""{"x": 1, "y": 2}""", ("Idempotency-Key", "b")));

        Assert.Equal(first, second);
        Assert.NotEqual(first, _options.InstanceId);
        Assert.Equal('5', first[14]);
        Assert.All(["Completed", "Failed", "Terminated", "Running", "Pending"], status => Assert.Contains(status, _options.DedupeStatuses!));
    }

    [Theory]
    [InlineData("""{"x": 1, "y": 2.50}""", 202)]
    [InlineData("""{"x": 1, "y": 3}""", 422)]
    [InlineData("""{"x": 1.0, "y": 2.5}""", 422)]
    public async Task A_taken_ID_is_the_same_task_only_with_the_same_numbers(string body, int expected)
    {
        Start().ThrowsAsync(new OrchestrationAlreadyExistsException("taken"));
        _client.Setup(client => client.GetInstancesAsync(It.IsAny<string>(), true, It.IsAny<CancellationToken>()))
            .ReturnsAsync((string id, bool _, CancellationToken _) => new OrchestrationMetadata(nameof(MultiplyOrchestration), id)
            {
                DataConverter = JsonDataConverter.Default,
                SerializedInput = JsonDataConverter.Default.Serialize(new Multiplication("1", "2.5", Limit)),
            });
        _client.Setup(client => client.GetInstanceAsync(It.IsAny<string>(), true, It.IsAny<CancellationToken>())).CallBase();

        (int status, _) = await SubmitAsync(Requests.Create(body, ("Idempotency-Key", "key")));

        Assert.Equal(expected, status);
    }

    [Theory]
    [InlineData("with space")]
    [InlineData("ümlaut")]
    [InlineData("…")]
    public async Task A_key_of_other_than_visible_ASCII_is_400(string key)
    {
        (int status, JsonElement problem) = await SubmitAsync(
            Requests.Create("""{"x": 1, "y": 2}""", ("Idempotency-Key", key == "…" ? new string('k', 256) : key)));

        Assert.Equal(400, status);
        Assert.True(problem.GetProperty("errors").TryGetProperty("Idempotency-Key", out _));
        _client.VerifyNoOtherCalls();
    }

    private Task<(int Status, JsonElement Body)> SubmitAsync(HttpRequest request) => request.ExecuteAsync(
        new SubmitMultiplication(new SlowMultiplySettings(TimeSpan.Zero, Limit))
            .RunAsync(request, _client.Object, CancellationToken.None));

    private Moq.Language.Flow.ISetup<DurableTaskClient, Task<string>> Start() =>
        _client.Setup(client => client.ScheduleNewOrchestrationInstanceAsync(
            new TaskName(nameof(MultiplyOrchestration)),
            It.IsAny<object>(),
            It.IsAny<StartOrchestrationOptions>(),
            It.IsAny<CancellationToken>()));

    private void StartSucceeds() => Start().ReturnsAsync((TaskName _, object? input, StartOrchestrationOptions? options, CancellationToken _) =>
    {
        _task = (Multiplication?)input;
        _options = options;
        return options!.InstanceId!;
    });
}
