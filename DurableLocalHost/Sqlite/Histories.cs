using DurableTask.Core.History;

namespace DurableLocalHost.Sqlite;

/// <summary>The rows of instances' histories: a row for each turn.</summary>
internal static class Histories
{
    /// <param name="events">As <see cref="EventJson"/> writes them.</param>
    public static void Append(Statements db, long key, int turn, string events) =>
        db.Execute("INSERT INTO history (instance, turn, events) VALUES ($1, $2, $3)", key, turn, events);

    public static void Replace(Statements db, long key, int turn, string events) =>
        db.Execute("UPDATE history SET events = $3 WHERE instance = $1 AND turn = $2", key, turn, events);

    /// <returns>What each turn added, oldest first.</returns>
    public static List<(int Turn, List<HistoryEvent> Events)> Turns(Statements db, long key) => db.Query(
        "SELECT turn, events FROM history WHERE instance = $1 ORDER BY turn", row => (row.GetInt32(0), EventJson.ReadEvents(row.GetString(1))), key);

    /// <returns>All events, and the number of the next turn: 0 if there was none.</returns>
    public static (List<HistoryEvent> Events, int NextTurn) Read(Statements db, long key)
    {
        List<(int Turn, List<HistoryEvent> Events)> turns = Turns(db, key);
        return ([.. turns.SelectMany(turn => turn.Events)], turns.Count == 0 ? 0 : turns[^1].Turn + 1);
    }
}
