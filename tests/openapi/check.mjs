// Holds our OpenAPI description against OpenAPI's own schema, docs/errors.md and docs/api.md; and
// exchanges with a running service against the description.
//
//   node check.mjs DESCRIPTION ERRORS.md API.md EXCHANGES
//
// Prints each fault and one line of summary; exits with 1 if there is any.

import { readFileSync } from "node:fs";
import { Validator as OpenApiSchema } from "@seriousme/openapi-schema-validator";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

// Codes that end no request of the API: at the start, inside AWS Lambda, and of the dashboard.
const NEVER_ANSWERED = new Set([
  "config-invalid", "ledger-version", "secret-unreadable", "lambda-event-unknown", "lambda-runtime",
  "operator-only"]);

export class Description {
  constructor(document) {
    this.document = document;
    this.ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats(this.ajv);
    this.ajv.addSchema(document, "api");
    this.compiled = new Map();
    this.seen = new Set(); // "POST /v1/leases 201"
  }

  resolve(node) {
    return node?.$ref ? node.$ref.slice(2).split("/").reduce((at, key) => at[key], this.document) : node;
  }

  // A schema by its place in the document, so that the references in it are found.
  errors(place, value) {
    const pointer = place.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")));
    const reference = `api#/${pointer.join("/")}`;
    if (!this.compiled.has(reference)) this.compiled.set(reference, this.ajv.compile({ $ref: reference }));
    const valid = this.compiled.get(reference);
    return valid(value) ? [] : valid.errors.map((error) => `${error.instancePath} ${error.message}`);
  }

  find(method, target) {
    const path = target.split("?")[0].split("/");
    const fits = (template) => {
      const parts = template.split("/");
      return parts.length === path.length && parts.every((part, i) => part.startsWith("{") || part === path[i]);
    };
    const template = Object.keys(this.document.paths).find(fits);
    const item = this.document.paths[template];
    return { template, item, operation: item?.[method.toLowerCase()] };
  }

  check(exchange) {
    const { template, item, operation } = this.find(exchange.method, exchange.target);
    if (!operation) return this.checkMissing(exchange, template);
    const status = String(exchange.status);
    this.seen.add(`${exchange.method} ${template} ${status}`);
    const place = ["paths", template, exchange.method.toLowerCase()];
    return [
      ...(exchange.status < 300 ? this.checkRequest(exchange, item, operation, place) : []),
      ...this.checkAnswer(exchange, operation, place),
    ];
  }

  // Whatever is not described must be refused, and in the form that all refusals have.
  checkMissing(exchange, template) {
    const wanted = template ? 405 : 404;
    if (exchange.status !== wanted) return [`not described, but answered ${exchange.status}`];
    return this.checkProblem(exchange, `Problem${wanted}`);
  }

  checkRequest(exchange, item, operation, place) {
    const faults = [];
    const query = new URL(exchange.target, "http://x").searchParams;
    const known = [...(item.parameters ?? []), ...(operation.parameters ?? [])];
    for (const name of query.keys())
      if (!known.some((one) => one.in === "query" && one.name === name)) faults.push(`query ${name}`);
    for (const one of known.filter((parameter) => parameter.in === "header"))
      if (one.required && !(one.name.toLowerCase() in exchange.request_headers))
        faults.push(`accepted without the header ${one.name}`);
    if (!operation.requestBody) return exchange.request_body ? [...faults, "a body is taken"] : faults;
    const schema = [...place, "requestBody", "content", "application/json", "schema"];
    return [...faults, ...this.errors(schema, JSON.parse(exchange.request_body)).map((e) => `accepted body: ${e}`)];
  }

  checkAnswer(exchange, operation, place) {
    const status = String(exchange.status);
    const declared = operation.responses[status];
    if (!declared) return [`status ${status} is not described`];
    if (declared.$ref) return this.checkProblem(exchange, declared.$ref.split("/").pop());
    const faults = this.checkHeaders(exchange, declared);
    const type = (exchange.headers["content-type"] ?? "").split(";")[0];
    if (!declared.content) return exchange.body ? [...faults, "a body that is not described"] : faults;
    if (!declared.content[type]) return [...faults, `content type "${type}" is not described`];
    const value = type === "application/json" ? JSON.parse(exchange.body) : exchange.body;
    const schema = [...place, "responses", status, "content", type, "schema"];
    return [...faults, ...this.errors(schema, value), ...this.undescribed(value)];
  }

  checkProblem(exchange, name) {
    const declared = this.document.components.responses[name];
    if (exchange.headers["content-type"] !== "application/problem+json") return ["no problem document"];
    const schema = ["components", "responses", name, "content", "application/problem+json", "schema"];
    return [...this.checkHeaders(exchange, declared), ...this.errors(schema, JSON.parse(exchange.body))];
  }

  checkHeaders(exchange, declared) {
    return Object.entries(declared.headers ?? {}).flatMap(([name, header]) => {
      const value = exchange.headers[name.toLowerCase()];
      const { schema } = this.resolve(header);
      if (value === undefined) return [`the header ${name} is missing`];
      const typed = schema.type === "integer" ? Number(value) : value;
      return this.ajv.validate(schema, typed) ? [] : [`the header ${name} is ${value}`];
    });
  }

  // Clients may meet new fields; the description must still name those that there are.
  undescribed(value) {
    const leases = value?.leases ?? (value?.runs_on ? [value] : []);
    const { properties } = this.document.components.schemas.Lease;
    return leases.flatMap((lease) =>
      Object.keys(lease).filter((key) => !(key in properties) && key !== "timeline")
        .map((key) => `a lease's ${key} is not described`));
  }

  // Each success that is described has been seen, or the test shows too little.
  unseen() {
    return Object.entries(this.document.paths).flatMap(([template, item]) =>
      Object.entries(item).filter(([, operation]) => operation.responses).flatMap(([method, operation]) =>
        Object.keys(operation.responses).filter((status) => status < 300)
          .map((status) => `${method.toUpperCase()} ${template} ${status}`)
          .filter((one) => !this.seen.has(one)).map((one) => `never seen: ${one}`)));
  }

  // The codes of each status, as docs/errors.md has them.
  codes(errors) {
    const wanted = new Map();
    for (const [, code, status] of errors.matchAll(/^\| `([a-z0-9-]+)` \| (\d+) \|/gm))
      if (!NEVER_ANSWERED.has(code)) wanted.set(status, [...(wanted.get(status) ?? []), code]);
    const statuses = new Set(Object.keys(this.document.components.responses).map((name) => name.slice(7)));
    const faults = [];
    for (const status of new Set([...wanted.keys(), ...statuses])) {
      const response = this.document.components.responses[`Problem${status}`];
      const named = response?.content["application/problem+json"].schema.allOf[1].properties.code.enum ?? [];
      for (const code of wanted.get(status) ?? [])
        if (!named.includes(code)) faults.push(`Problem${status} does not name ${code} of docs/errors.md`);
      for (const code of named)
        if (!wanted.get(status)?.includes(code)) faults.push(`Problem${status} names ${code}, docs/errors.md not`);
    }
    return faults;
  }

  // The table of docs/api.md names what is described, but for the admin listener's.
  paths(api) {
    const told = [...api.matchAll(/^\| `([A-Z]+) (\/[^`]*)` \| ([^|]*)\|/gm)]
      .filter(([, , , who]) => !who.includes("admin_port")).map(([, method, path]) => `${method} ${path}`);
    const described = Object.entries(this.document.paths).flatMap(([path, item]) =>
      Object.keys(item).filter((key) => key !== "parameters").map((method) => `${method.toUpperCase()} ${path}`));
    return [
      ...told.filter((one) => !described.includes(one)).map((one) => `${one} is in docs/api.md only`),
      ...described.filter((one) => !told.includes(one)).map((one) => `${one} is not in docs/api.md`)];
  }
}

const [descriptionFile, errorsFile, apiFile, exchangesFile] = process.argv.slice(2);
const text = readFileSync(descriptionFile, "utf8");
const description = new Description(JSON.parse(text));
const faults = [];
const schema = await new OpenApiSchema().validate(JSON.parse(text));
if (!schema.valid) faults.push(`OpenAPI's schema: ${JSON.stringify(schema.errors)}`);
faults.push(...description.codes(readFileSync(errorsFile, "utf8")));
faults.push(...description.paths(readFileSync(apiFile, "utf8")));

const exchanges = readFileSync(exchangesFile, "utf8").trim().split("\n").map((line) => JSON.parse(line));
if (exchanges[0].body !== text) faults.push("GET /openapi.json answers with another text");
for (const exchange of exchanges)
  for (const fault of description.check(exchange))
    faults.push(`${exchange.method} ${exchange.target} ${exchange.status}: ${fault} in ${exchange.body}`);
faults.push(...description.unseen());
for (const fault of faults) console.error(fault);
console.log(`${exchanges.length} exchanges, ${description.seen.size} answers of calls: ${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
