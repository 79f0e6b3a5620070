// The rows of the official TypeScript SDK: official_typescript.mjs ROW WHAT URL. Started by scripts/bench, with the SDK
// in node_modules beside it.
import fs from "node:fs";
import Anthropic from "@anthropic-ai/sdk";

const KEY = "sk-ant-benchmark-not-a-real-key";
const ASK = { model: "claude-opus-5", max_tokens: 1024, messages: [{ role: "user", content: "Hello" }] };
const [WARM_UP, CALLS, STREAMS] = [200, 4000, 1000];
const [row, what, baseURL] = process.argv.slice(2);
const client = new Anthropic({ apiKey: KEY, baseURL, maxRetries: 0 });

const show = (name, value, unit) => console.log(`${name} ${value.toPrecision(6)} ${unit}`);
const scenario = (name) => ({ headers: { "x-sandbox-scenario": name } });
const processorUs = () => { const used = process.cpuUsage(); return used.user + used.system; };
const residentKiB = () => Number(fs.readFileSync("/proc/self/statm", "ascii").split(" ")[1]) * 4;

async function texts() {
  let count = 0;
  const stream = client.messages.stream(ASK, scenario("bench-few"));
  stream.on("text", () => { count++; });
  await stream.finalMessage();
  return count;
}

async function events() {
  let count = 0;
  for await (const _ of await client.messages.create({ ...ASK, stream: true }, scenario("bench-few"))) count++;
  return count;
}

async function rate(unit, consume) {
  const start = performance.now();
  const count = await consume();
  show(row, count / ((performance.now() - start) / 1e3), unit);
}

async function many(count, atOnce) {
  let left = count;
  const work = async () => { while (left-- > 0) await client.messages.create(ASK); };
  await Promise.all(Array.from({ length: atOnce }, work));
}

async function requests(atOnce) {
  await many(WARM_UP, atOnce);
  const [begin, start] = [processorUs(), performance.now()];
  await many(CALLS, atOnce);
  show(row, (processorUs() - begin) / CALLS, "us");
  show(`${row}.rate`, CALLS / ((performance.now() - start) / 1e3), "calls/s");
}

async function openStream() {
  const stream = await client.messages.create({ ...ASK, stream: true }, scenario("bench-idle"));
  const events = stream[Symbol.asyncIterator]();
  await events.next();
  return events;
}

async function idle() {
  const kept = [];
  for (let i = 0; i < 20; i++) kept.push(await openStream());
  const before = residentKiB();
  for (let i = 0; i < STREAMS / 50; i++) kept.push(...(await Promise.all(Array.from({ length: 50 }, openStream))));
  show(row, (residentKiB() - before) / STREAMS, "KiB");
  show(`${row}.process`, residentKiB() / 1024, "MiB");
  show(`${row}.threads`, fs.readdirSync("/proc/self/task").length, "threads");
  process.exit(0); // closing a thousand streams is not measured
}

const rows = {
  cold: () => client.messages.create(ASK),
  text: () => rate("texts/s", texts),
  events: () => rate("events/s", events),
  "request.1": () => requests(1),
  "request.64": () => requests(64),
  "idle.1000": idle,
};
await rows[what]();
