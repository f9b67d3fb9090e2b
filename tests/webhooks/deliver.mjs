// Sends every example delivery of @octokit/webhooks-examples to a service, signed and forged, as it
// is and, for jobs, as if it were of a served repository and named a label of ours. Prints one line for
// each answer that is not the documented one (docs/webhooks.md), and last how many there were.
//
//   node deliver.mjs URL SECRET REPOSITORY
import { createHmac } from "node:crypto";
import { createRequire } from "node:module";

const [url, secret, repository] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const servers = ["api.github.com", "ghes-31", "ghes-32", "ghes-33", "ghes-34", "ghes-35"];
let sent = 0;
let wrong = 0;

async function deliver(event, body, key) {
  const signature = "sha256=" + createHmac("sha256", key).update(body).digest("hex");
  const answer = await fetch(url, {
    method: "POST",
    body,
    headers: {
      "Content-Type": "application/json",
      "X-GitHub-Event": event,
      "X-Hub-Signature-256": signature,
    },
  });
  await answer.arrayBuffer();
  return answer.status;
}

async function expect(what, event, payload, status, key = secret) {
  sent += 1;
  const got = await deliver(event, JSON.stringify(payload), key);
  if (got === status) return;
  wrong += 1;
  console.log(`${what}: answered ${got}, documented is ${status}`);
}

// The same job of a repository that is served, with a label that only its own run may have.
function asOurs(payload) {
  const job = { ...payload.workflow_job, labels: [] };
  job.labels = [...payload.workflow_job.labels, null, `mayfly-${job.run_id}-x86_64`];
  return { ...payload, workflow_job: job, repository: { ...payload.repository, full_name: repository } };
}

function statusOf(event, payload) {
  if (event === "ping") return 200;
  return event === "workflow_job" ? 403 : 204;
}

for (const server of servers) {
  for (const { name, examples } of require(`@octokit/webhooks-examples/${server}/index.json`)) {
    for (const [number, payload] of examples.entries()) {
      const what = `${server} ${name} ${number}`;
      await expect(what, name, payload, statusOf(name, payload));
      await expect(`${what}, forged`, name, payload, 401, secret + "?");
      if (name !== "workflow_job") continue;
      const isHint = ["queued", "completed"].includes(payload.action);
      await expect(`${what}, ours`, name, asOurs(payload), isHint ? 202 : 204);
    }
  }
}
console.log(`${sent} deliveries, ${wrong} answered otherwise than documented`);
process.exitCode = wrong > 0 || sent < 600 ? 1 : 0;
