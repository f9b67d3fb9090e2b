// The validator itself: what is right passes, and each way of being wrong is seen.

import assert from "node:assert/strict";
import test from "node:test";
import { toJsonSchema, Validator } from "./validate.mjs";

const validator = Validator.forGithub();

const runner = { id: 1, name: "m", os: "unknown", status: "offline", busy: false, labels: [] };

function jitExchange(changes = {}) {
  return {
    method: "POST",
    url: "/orgs/octo/actions/runners/generate-jitconfig",
    request_body: JSON.stringify({ name: "m", runner_group_id: 1, labels: ["x"] }),
    status: 201,
    response_headers: { "Content-Type": "application/json; charset=utf-8" },
    response_body: JSON.stringify({ runner, encoded_jit_config: "e30=" }),
    ...changes,
  };
}

function listExchange(query, changes = {}) {
  return jitExchange({
    method: "GET",
    url: `/orgs/octo/actions/runners${query}`,
    request_body: "",
    status: 200,
    response_body: JSON.stringify({ total_count: 1, runners: [runner] }),
    ...changes,
  });
}

test("right exchanges pass", () => {
  assert.deepEqual(validator.check(jitExchange()), []);
  assert.deepEqual(validator.check(listExchange("?per_page=100&page=1&name=m")), []);
  const error = JSON.stringify({ message: "no", documentation_url: "https://d" });
  assert.deepEqual(validator.check(jitExchange({ status: 401, response_body: error })), []);
});

test("the stand-in runner's own protocol is skipped", () => {
  assert.equal(validator.check(jitExchange({ url: "/_runner/poll" })), null);
});

test("every wrong answer is seen", () => {
  const wrong = {
    "a missing field": { response_body: JSON.stringify({ runner }) },
    "a wrong type": {
      response_body: JSON.stringify({
        runner: { ...runner, busy: "no" },
        encoded_jit_config: "e30=",
      }),
    },
    "no JSON": { response_body: "<html>" },
    "another content type": { response_headers: { "Content-Type": "text/plain" } },
    "an undocumented status": { status: 202 },
    "an error of another shape": { status: 409, response_body: '{"message":7}' },
    "a 204 with a body": {
      method: "DELETE",
      url: "/orgs/octo/actions/runners/1",
      request_body: "",
      status: 204,
    },
  };
  for (const [name, changes] of Object.entries(wrong))
    assert.notDeepEqual(validator.check(jitExchange(changes)), [], name);
});

test("every wrong request is seen", () => {
  const labels = Array.from({ length: 101 }, () => "x");
  for (const exchange of [
    jitExchange({ url: "/orgs/octo/actions/runners/generate-jit" }),
    jitExchange({ method: "PUT" }),
    jitExchange({ request_body: "" }),
    jitExchange({ request_body: JSON.stringify({ name: "m", runner_group_id: 1, labels }) }),
    listExchange("?label=x"),
    listExchange("?page=one"),
    listExchange("", { request_body: "{}" }),
  ])
    assert.notDeepEqual(validator.check(exchange), [], `${exchange.method} ${exchange.url}`);
});

test("nullable becomes a type, and properties with a keyword's name stay", () => {
  assert.deepEqual(toJsonSchema({ type: "string", nullable: true }), {
    anyOf: [{ type: "string" }, { type: "null" }],
  });
  const named = { properties: { nullable: { type: "string" }, default: { type: "boolean" } } };
  assert.deepEqual(toJsonSchema(named), named);
});
