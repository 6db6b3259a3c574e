using Google.Protobuf;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace DurableLocalHost.Worker;

/// <summary>Values of WebJobs' as the protocol has them, and back, as the Functions host converts them.</summary>
internal static class Values
{
    public static TypedData ToTypedData(object? value) => value switch
    {
        null => new TypedData(),
        string text => new TypedData { String = text },
        byte[] bytes => new TypedData { Bytes = ByteString.CopyFrom(bytes) },
        double number => new TypedData { Double = number },
        ParameterBindingData data => new TypedData
        {
            ModelBindingData = new ModelBindingData
            {
                Version = data.Version,
                Source = data.Source,
                ContentType = data.ContentType,
                Content = ByteString.CopyFrom(data.Content.ToMemory().Span),
            },
        },
        _ => new TypedData { Json = JsonConvert.SerializeObject(value) },
    };

    /// <returns>A text, a JToken, a number or bytes; null if there is none.</returns>
    public static object? FromTypedData(TypedData? data) => data?.DataCase switch
    {
        // Without the cast all would become a JToken.
        TypedData.DataOneofCase.String => (object)data.String,
        TypedData.DataOneofCase.Json => ParseJson(data.Json),
        TypedData.DataOneofCase.Int => data.Int,
        TypedData.DataOneofCase.Double => data.Double,
        TypedData.DataOneofCase.Bytes => data.Bytes.ToByteArray(),
        _ => null,
    };

    // A text that looks like a date stays a text.
    private static JToken ParseJson(string json)
    {
        using var reader = new JsonTextReader(new StringReader(json)) { DateParseHandling = DateParseHandling.None, MaxDepth = null };
        return JToken.ReadFrom(reader);
    }
}
