// Holds actions and workflows against two readers that are not ours: GitHub's own parser of its
// languages, which knows expressions and contexts as well, and the schemas that editors use.
//
//   node schemas.mjs FILE...
//
// Prints each fault and one line of summary; exits with 1 if there is any, or nothing to check. First it
// must find what is wrong in files that are broken on purpose.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { register } from "node:module";
import { validateAction, validateWorkflow } from "@action-validator/core";

// GitHub's parser imports JSON as bundlers allow it. Node wants that said differently in each version;
// as a module it is understood by all.
const loader = `import { readFile } from "node:fs/promises";
export async function load(url, context, next) {
  if (!url.endsWith(".json")) return next(url, context);
  const text = await readFile(new URL(url), "utf8");
  return { format: "module", shortCircuit: true, source: "export default " + text };
}`;
register("data:text/javascript," + encodeURIComponent(loader));

const { parseWorkflow, convertWorkflowTemplate, NoOperationTraceWriter } =
  await import("@actions/workflow-parser");
const { parseAction } = await import("@actions/workflow-parser/actions/action-parser");

async function faults(name, content) {
  const isAction = basename(name) === "action.yml";
  const schema = (isAction ? validateAction : validateWorkflow)(content);
  const found = schema.errors.map((error) => `${error.path ?? ""} ${error.title}: ${error.detail}`);
  const trace = new NoOperationTraceWriter();
  const parsed = (isAction ? parseAction : parseWorkflow)({ name, content }, trace);
  if (!isAction && parsed.value) await convertWorkflowTemplate(parsed.context, parsed.value);
  return [...found, ...parsed.context.errors.getErrors().map((error) => error.message)];
}

const job = (lines) => `on: push\njobs:\n  a:\n    runs-on: x\n${lines}`;
const BROKEN = {
  "a key that jobs do not have": ["w.yml", job("    step: []\n    steps: [{run: a}]\n")],
  "an unknown context": ["w.yml", job("    steps: [{run: 'echo ${{ gihtub.run_id }}'}]\n")],
  "an expression that does not end": ["w.yml", job("    steps: [{run: 'echo ${{ fromJSON( }}'}]\n")],
  "a needed job that is not there": ["w.yml", job("    needs: b\n    steps: [{run: a}]\n")],
  "a step without shell in an action": [
    "action.yml", "name: a\ndescription: b\nruns:\n  using: composite\n  steps: [{run: a}]\n"],
  "a wrong key in an action": [
    "action.yml", "name: a\ndescription: b\ninput: {}\nruns:\n  using: composite\n  steps: []\n"],
};

let count = 0;
for (const [what, [name, content]] of Object.entries(BROKEN))
  if ((await faults(name, content)).length === 0) {
    console.error(`not noticed: ${what}`);
    count += 1;
  }
const files = process.argv.slice(2);
for (const file of files)
  for (const fault of await faults(file, readFileSync(file, "utf8"))) {
    console.error(`${file}: ${fault}`);
    count += 1;
  }
console.log(`${files.length} files and ${Object.keys(BROKEN).length} broken ones: ${count} faults`);
process.exit(count === 0 && files.length > 0 ? 0 : 1);
