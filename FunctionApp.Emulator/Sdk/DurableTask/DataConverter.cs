using System.Text.Json;

namespace Microsoft.DurableTask
{
    /// <summary>Turns inputs and outputs into text and back, at every boundary.</summary>
    public abstract class DataConverter
    {
        public abstract string? Serialize(object? value);

        public abstract object? Deserialize(string? data, Type targetType);

        public virtual T? Deserialize<T>(string? data) => (T?)Deserialize(data, typeof(T));
    }
}

namespace Microsoft.DurableTask.Converters
{
    /// <summary>Converts with System.Text.Json.</summary>
    public class JsonDataConverter(JsonSerializerOptions? options = null) : DataConverter
    {
        private readonly JsonSerializerOptions _options = options ?? new() { PropertyNameCaseInsensitive = true, IncludeFields = true };

        public static JsonDataConverter Default { get; } = new();

        public override string? Serialize(object? value)
            => value is null ? null : JsonSerializer.Serialize(value, value.GetType(), _options);

        public override object? Deserialize(string? data, Type targetType)
            => data is null ? null : JsonSerializer.Deserialize(data, targetType, _options);
    }
}
