// Holds recorded exchanges against GitHub's OpenAPI description.
//
//   node validate.mjs FILE...
//
// Each line of a FILE is one exchange: {method, url, request_headers, request_body, status,
// response_headers, response_body}, bodies as text. Paths under /_runner/ are not GitHub's and are
// skipped. Prints each violation and one line of summary; exits with 1 if there is any violation or
// nothing to check.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const BASIC_ERROR = {
  type: "object",
  required: ["message", "documentation_url"],
  properties: { message: { type: "string" }, documentation_url: { type: "string" } },
};
// Answers that GitHub gives to any call and documents in prose only.
const GENERAL_STATUSES = new Set(["304", "400", "401", "403", "404", "422", "429"]);

const DROPPED = new Set(["nullable", "example", "examples", "default", "discriminator"]);

// OpenAPI 3.0 writes "or null" as nullable; JSON Schema as one more type.
export function toJsonSchema(schema) {
  if (Array.isArray(schema)) return schema.map(toJsonSchema);
  if (schema === null || typeof schema !== "object") return schema;
  const out = {};
  for (const [key, value] of Object.entries(schema)) {
    if (DROPPED.has(key)) continue;
    if (key === "enum") out[key] = value;
    else if (key === "properties") out[key] = mapValues(value, toJsonSchema);
    else out[key] = toJsonSchema(value);
  }
  return schema.nullable === true ? { anyOf: [out, { type: "null" }] } : out;
}

export class Validator {
  constructor(description) {
    this.ajv = new Ajv({ strict: false, allErrors: true });
    this.coercing = new Ajv({ strict: false, coerceTypes: true });
    addFormats(this.ajv);
    addFormats(this.coercing);
    this.compiled = new Map();
    this.operations = new Set();
    this.paths = Object.entries(description.paths).map(([template, item]) => ({
      template,
      item,
      parts: template.split("/"),
    }));
  }

  static forGithub() {
    const require = createRequire(import.meta.url);
    const file = require.resolve("@octokit/openapi/generated/api.github.com.deref.json");
    return new Validator(JSON.parse(readFileSync(file, "utf8")));
  }

  // The violations of one exchange, in words.
  check(exchange) {
    const url = new URL(exchange.url, "https://api.github.com");
    if (url.pathname.startsWith("/_runner/")) return null;
    const found = this.find(exchange.method, url.pathname);
    if (!found) return [`no such path: ${exchange.method} ${url.pathname}`];
    const { path, operation } = found;
    this.operations.add(`${exchange.method} ${path.template}`);
    const accepted = exchange.status < 400;
    return [
      ...(accepted ? this.checkRequest(exchange, url, path, operation) : []),
      ...this.checkResponse(exchange, operation),
    ];
  }

  find(method, pathname) {
    const parts = pathname.split("/");
    const literals = (path) => path.parts.filter((part) => !part.startsWith("{")).length;
    const fits = (path) =>
      path.parts.length === parts.length &&
      path.parts.every((part, i) => part.startsWith("{") || part === parts[i]);
    const [path] = this.paths.filter(fits).sort((a, b) => literals(b) - literals(a));
    const operation = path?.item[method.toLowerCase()];
    return operation ? { path, operation } : null;
  }

  checkRequest(exchange, url, path, operation) {
    const given = { path: {}, query: Object.fromEntries(url.searchParams) };
    url.pathname.split("/").forEach((part, i) => {
      if (path.parts[i].startsWith("{"))
        given.path[path.parts[i].slice(1, -1)] = decodeURIComponent(part);
    });
    const declared = [...(path.item.parameters ?? []), ...(operation.parameters ?? [])];
    const violations = [];
    for (const place of ["path", "query"]) {
      const known = declared.filter((parameter) => parameter.in === place);
      for (const name of Object.keys(given[place]))
        if (!known.some((parameter) => parameter.name === name))
          violations.push(`${place} parameter ${name} does not exist`);
      for (const parameter of known)
        violations.push(...this.checkParameter(parameter, given[place][parameter.name]));
    }
    return [...violations, ...this.checkRequestBody(exchange.request_body, operation)];
  }

  checkParameter(parameter, value) {
    if (value === undefined)
      return parameter.required ? [`${parameter.in} parameter ${parameter.name} is missing`] : [];
    const errors = this.errors(this.coercing, parameter.schema, { value }, (schema) => ({
      type: "object",
      properties: { value: schema },
    }));
    return errors.map((error) => `${parameter.in} parameter ${parameter.name}${error}`);
  }

  checkRequestBody(body, operation) {
    const declared = operation.requestBody;
    if (!declared) return body ? ["a request body that the call does not take"] : [];
    if (!body) return declared.required ? ["the request body is missing"] : [];
    return this.checkJson("request", declared.content?.["application/json"]?.schema, body);
  }

  checkResponse(exchange, operation) {
    const status = String(exchange.status);
    const declared = operation.responses[status];
    if (!declared && !GENERAL_STATUSES.has(status)) return [`status ${status} is not documented`];
    const content = declared?.content?.["application/json"];
    const isEmpty = status === "304" || (declared && !declared.content);
    if (isEmpty) return exchange.response_body ? [`status ${status} has a body`] : [];
    const type = header(exchange.response_headers, "content-type") ?? "";
    if (!type.startsWith("application/json")) return [`the response is "${type}", not JSON`];
    return this.checkJson("response", content?.schema ?? BASIC_ERROR, exchange.response_body);
  }

  checkJson(what, schema, text) {
    let value;
    try {
      value = JSON.parse(text);
    } catch (error) {
      return [`${what}: ${error.message}`];
    }
    return this.errors(this.ajv, schema ?? {}, value).map((error) => `${what}${error}`);
  }

  errors(ajv, schema, value, wrap = (inner) => inner) {
    if (!this.compiled.has(schema))
      this.compiled.set(schema, ajv.compile(wrap(toJsonSchema(schema))));
    const valid = this.compiled.get(schema);
    if (valid(value)) return [];
    return valid.errors.map((error) => `${error.instancePath}: ${error.message}`);
  }
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}

function header(headers, name) {
  const found = Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === name);
  return found?.[1];
}

function main(files) {
  const validator = Validator.forGithub();
  const counts = { checked: 0, skipped: 0, violations: 0 };
  for (const file of files) {
    readFileSync(file, "utf8").split("\n").forEach((line, i) => {
      if (!line) return;
      const exchange = JSON.parse(line);
      const violations = validator.check(exchange);
      if (violations === null) {
        counts.skipped += 1;
        return;
      }
      counts.checked += 1;
      counts.violations += violations.length;
      for (const violation of violations)
        console.error(
          `${file}:${i + 1}: ${exchange.method} ${exchange.url} ${exchange.status}: ${violation}`);
    });
  }
  console.log(
    `${counts.checked} exchanges over ${validator.operations.size} operations held against ` +
      `GitHub's OpenAPI description, ${counts.skipped} not GitHub's: ` +
      `${counts.violations} violations`);
  return counts.violations === 0 && counts.checked > 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  process.exit(main(process.argv.slice(2)));
