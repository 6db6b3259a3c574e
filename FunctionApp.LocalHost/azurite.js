// Runs those services of Azurite that the first argument names (a script of Azurite's) until standard input ends, which it
// does however the host ends, kill -9 included.
const once = process.once;

// Ctrl+C goes to every process of a terminal: the host decides when Azurite, which it still needs, closes.
process.on("SIGINT", () => {});
process.once = (event, handler) => (event === "SIGINT" ? process : once.call(process, event, handler));

// Azurite saves its data when it gets this message; while it is still starting it has none to save.
process.stdin.resume().on("close", () => process.emit("message", "shutdown") || process.exit());

// Its telemetry, which is off, would take two thirds of the start to load.
require.cache[require.resolve("applicationinsights")] = { exports: {} };

const [services] = process.argv.splice(2, 1);
require(`azurite/dist/src/${services}`);
