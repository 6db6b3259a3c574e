namespace Bench.Systems;

/// <summary>Disposes of what it was given, the last first.</summary>
internal sealed class AsyncDisposables : IAsyncDisposable
{
    private readonly Stack<object> _items = new();

    public T Add<T>(T item)
        where T : class
    {
        _items.Push(item);
        return item;
    }

    public async ValueTask DisposeAsync()
    {
        while (_items.TryPop(out object? item))
        {
            if (item is IAsyncDisposable asynchronous)
            {
                await asynchronous.DisposeAsync();
            }
            else
            {
                ((IDisposable)item).Dispose();
            }
        }
    }
}
