// Runs Azurite, whose package's folder is the first argument, as far as the second one names its services (scripts of Azurite's, divided
// by commas, the first one in this thread, each other in one of its own, so that the first does not start later, and loaded by the first
// connection to its port, as many apps never make one) until standard input ends, which it does however the host ends, kill -9 included.
const http = require("node:http");
const { createRequire } = require("node:module");
const net = require("node:net");
const { join } = require("node:path");
const { Worker, isMainThread, parentPort, workerData } = require("node:worker_threads");

const run = (folder, service) => {
  // Its telemetry, which is off, would take two thirds of the start to load.
  require.cache[createRequire(join(folder, "package.json")).resolve("applicationinsights")] = { exports: {} };
  // Each takes only the options of its own.
  const [name] = service.split("/");
  const others = name === service ? [] : ["table", "queue", "blob"].filter((other) => other !== name);
  const isOther = (option) => others.some((other) => option?.startsWith(`--${other}`));
  process.argv = process.argv.filter((option, i, all) => !isOther(option) && !(isOther(all[i - 1]) && !option.startsWith("--")));
  require(join(folder, "dist/src", service));
};

// Listens in the service's place, and gives it the connections, those that came meanwhile first.
const runWhenConnected = (folder, service) => {
  const [name] = service.split("/");
  const [portNumber, host] = ["Port", "Host"].map((part) => process.argv.find((option) => option.startsWith(`--${name}${part}=`)).split("=")[1]);
  const waiting = [];
  const port = net.createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
    if (waiting.push(socket) === 1) run(folder, service);
  });

  // What the service calls to listen.
  http.Server.prototype.listen = function (...options) {
    const take = (socket) => this.emit("connection", socket) && socket.resume();
    this.address = () => port.address();
    this.close = (done) => {
      this.closeIdleConnections();
      port.close(done);
    };
    port.removeAllListeners("connection").on("connection", take);
    setImmediate(() => {
      this.emit("listening");
      options.at(-1)();
      waiting.forEach(take);
    });
    return this;
  };
  port.listen(portNumber, host).on("error", (error) => {
    console.error(error.message);
    process.exit(1);
  });
};

// Azurite saves its data when it gets this message; while it is still starting it has none to save.
const stop = () => process.emit("message", "shutdown") || process.exit();

if (isMainThread) {
  // A host that was killed reads no more; what a thread prints then would end the process before the data are saved.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const once = process.once;

  // Ctrl+C goes to every process of a terminal: the host decides when Azurite, which it still needs, closes.
  process.on("SIGINT", () => {});
  process.once = (event, handler) => (event === "SIGINT" ? process : once.call(process, event, handler));

  const [folder, services] = process.argv.splice(2, 2);
  const [first, ...others] = services.split(",");
  const threads = others.map((service) => new Worker(__filename, { argv: process.argv.slice(2), workerData: [folder, service] }));
  process.stdin.resume().on("close", () => {
    threads.forEach((thread) => thread.postMessage("stop"));
    stop();
  });
  run(folder, first);
} else {
  parentPort.once("message", stop);
  runWhenConnected(...workerData);
}
