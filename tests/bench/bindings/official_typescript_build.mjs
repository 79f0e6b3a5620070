// The groups build and upload of the official TypeScript SDK: official_typescript_build.mjs ROW WHAT URL FILE ...
// Started by scripts/bench, with the SDK in node_modules beside it.
import fs from "node:fs";
import Anthropic from "@anthropic-ai/sdk";

const KEY = "sk-ant-benchmark-not-a-real-key";
const ASK = { model: "claude-opus-5", max_tokens: 1024 };
const SHORT = [{ role: "user", content: "Hello" }];
const TINY = JSON.stringify({ id: "msg_1", type: "message", role: "assistant", model: "m", content: [],
  stop_reason: "end_turn", stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } });
const [SECONDS, LINE_BYTES, ROUNDS] = [1, 3000, 3];
const [row, what, baseURL, ...files] = process.argv.slice(2);
const client = new Anthropic({ apiKey: KEY, baseURL, maxRetries: 0 });

const show = (name, value, unit) => console.log(`${name} ${value.toPrecision(6)} ${unit}`);
const scenario = (name) => ({ headers: { "x-sandbox-scenario": name } });
const processorMs = () => { const used = process.cpuUsage(); return (used.user + used.system) / 1e3; };
const need = (ok) => { if (!ok) throw new Error("something is missing"); };

async function milliseconds(work) {
  await work();
  let rounds = 0;
  const [begin, start] = [processorMs(), performance.now()];
  for (; rounds < 3 || performance.now() - start < SECONDS * 1e3; rounds++) await work();
  show(row, (processorMs() - begin) / rounds, "ms");
}

// A client whose requests are written as for the network, in UTF-8, and answered at once.
function answering(content) {
  const sent = { bytes: 0 };
  const headers = { "content-type": "application/json" };
  const answer = async (_, init) => {
    sent.bytes = Buffer.from(init.body).length;
    return new Response(content, { headers });
  };
  return [new Anthropic({ apiKey: KEY, maxRetries: 0, fetch: answer }), sent];
}

async function build(messages, least) {
  const [local, sent] = answering(TINY);
  await milliseconds(async () => {
    await local.messages.create({ ...ASK, messages: messages() });
    need(sent.bytes > least);
  });
}

function conversation(path) {
  const texts = fs.readFileSync(path, "utf8").split("\0").slice(0, -1);
  return () => texts.map((content, number) => ({ role: number % 2 ? "assistant" : "user", content }));
}

function block(path) {
  const image = path.endsWith(".png");
  const data = fs.readFileSync(path).toString("base64");
  const source = { type: "base64", media_type: image ? "image/png" : "application/pdf", data };
  return { type: image ? "image" : "document", source };
}

async function parse(path) {
  const content = fs.readFileSync(path);
  const [local] = answering(content);
  await milliseconds(async () => {
    const message = await local.messages.create({ ...ASK, messages: SHORT });
    need(message.id && message.usage.output_tokens >= 0);
    let read = 0;
    for (const piece of message.content) if (piece.type === "text") read += piece.text.length;
    need(read > content.length / 8);
  });
}

async function results(name) {
  // The retrieve that the SDK makes before the results must not be answered with lines.
  const choose = (url, init) => {
    if (String(url).endsWith("/results")) init.headers.set("x-sandbox-scenario", name);
    return fetch(url, init);
  };
  const chosen = new Anthropic({ apiKey: KEY, baseURL, maxRetries: 0, fetch: choose });
  const made = await client.messages.batches.create({ requests: [{ custom_id: "a", params: { ...ASK, messages: SHORT } }] },
    { headers: { "x-sandbox-batch-retrieves": "0" } });
  let count = 0;
  const [begin, start] = [processorMs(), performance.now()];
  for await (const line of await chosen.messages.batches.results(made.id)) if (line.custom_id && line.result.type) count++;
  show(row, (count * LINE_BYTES) / 1e6 / ((performance.now() - start) / 1e3), "MB/s");
  show(`${row}.cpu`, ((processorMs() - begin) * 1e3) / count, "us");
}

function memory(name) {
  const line = fs.readFileSync("/proc/self/status", "ascii").split("\n").find((text) => text.startsWith(`${name}:`));
  return Number(line.split(/\s+/)[1]) / 1024;
}

async function upload() {
  const send = (content) => client.messages.create({ ...ASK, messages: [{ role: "user", content }] }, scenario("bench-short"));
  await send("Hello");
  fs.writeFileSync("/proc/self/clear_refs", "5");
  const before = memory("VmRSS");
  await send(files.map(block));
  show(row, memory("VmHWM") - before, "MiB");
  const size = files.reduce((sum, path) => sum + fs.statSync(path).size, 0);
  const begin = processorMs();
  for (let i = 0; i < ROUNDS; i++) await send(files.map(block));
  show(`${row}.cpu`, (processorMs() - begin) / ((size * ROUNDS) / 1e6), "ms/MB");
}

if (what.startsWith("upload.")) await upload();
else if (what === "batch.results") await results(files[0]);
else if (what.startsWith("parse.")) await parse(files[0]);
else if (what === "build.image10mb") await build(() => [{ role: "user", content: [block(files[0])] }], 13e6);
else await build(conversation(files[0]), fs.statSync(files[0]).size);
