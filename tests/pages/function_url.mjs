// One Lambda sandbox behind a function URL, on loopback: `mayfly` started as Lambda starts it, each
// request handed to it as an event of payload format 2.0, one at a time.
//
//   function_url.mjs PORT PROGRAM     MAYFLY_CONFIG names its configuration. Prints "ready".

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";

const [, , port, program] = process.argv;
const waiting = []; // events that nobody has fetched
const answers = new Map(); // of those that were fetched
let idle = null; // the sandbox, where it waits for an event

function hand() {
  if (!idle || !waiting.length) return;
  const [id, event] = waiting.shift();
  idle.writeHead(200, {
    "Lambda-Runtime-Aws-Request-Id": id,
    "Lambda-Runtime-Deadline-Ms": String(Date.now() + 60000),
  });
  idle.end(event);
  idle = null;
}

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

const runtime = createServer(async (request, response) => {
  const [, , , , id] = request.url.split("/"); // /2018-06-01/runtime/invocation/ID/response
  const body = await bodyOf(request);
  if (id === "next") {
    idle = response;
    return hand();
  }
  response.writeHead(202).end();
  answers.get(id)?.(request.url.endsWith("/response") ? JSON.parse(body) : { statusCode: 502 });
  answers.delete(id);
});

const functionUrl = createServer(async (request, response) => {
  const { pathname, search } = new URL(request.url, "http://function");
  const event = {
    version: "2.0",
    rawPath: pathname,
    rawQueryString: search.slice(1),
    headers: request.headers,
    requestContext: { http: { method: request.method, path: pathname, sourceIp: "192.0.2.1" } },
    body: await bodyOf(request),
    isBase64Encoded: false,
  };
  const id = randomUUID();
  const answer = new Promise((resolve) => answers.set(id, resolve));
  waiting.push([id, JSON.stringify(event)]);
  hand();
  const { statusCode, headers, body } = await answer;
  response.writeHead(statusCode, headers).end(body);
});

runtime.listen(0, "127.0.0.1", () => {
  const address = `127.0.0.1:${runtime.address().port}`;
  const environment = { ...process.env, AWS_LAMBDA_RUNTIME_API: address };
  const child = spawn(program, { env: environment, stdio: ["ignore", "inherit", "inherit"] });
  child.on("exit", (code) => process.exit(code ?? 1));
  functionUrl.listen(Number(port), "127.0.0.1", () => console.log("ready"));
});
