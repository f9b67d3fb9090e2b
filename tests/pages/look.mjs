// The laws of mayfly's pages, in a browser: each page renders, live or without scripts, in light and
// dark, on a phone and a desk; nothing is asked of another place; nothing is said on the console;
// axe finds nothing. Environment: see run.sh. Prints "ok" or "not ok" for each law.

import { readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const { PAGES_URL, ADMIN_URL, ADMIN_TOKEN, GITHUB_URL, BROWSER, SHOTS } = process.env;
const { LINK, EXPIRED_LINK } = process.env;
const sizes = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 800 } };
let passed = 0;
let failed = 0;

export function check(name, isTrue, why = "") {
  if (isTrue) passed += 1;
  else failed += 1;
  console.log(`${isTrue ? "ok" : "not ok"} ${name}`);
  if (!isTrue && why) console.log(String(why).replace(/^/gm, "    ").slice(0, 3000));
}

async function until(what, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const got = await what();
    if (got || Date.now() > end) return got;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

// --- The emulated GitHub, and mayfly as its callers see it

async function post(url, body) {
  const headers = body ? { "Content-Type": "application/json" } : {};
  const answer = await fetch(url, { method: "POST", headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  return text ? JSON.parse(text) : {};
}

async function newRun(jobMillis) {
  const name = `mayfly-pages-${Date.now()}-${Math.floor(Math.random() * 1e9)}`;
  const { id } = await post(`${GITHUB_URL}/_emulator/runs`, {
    labels: [`PLACE-x86_64-${name}`, `PLACE-arm64-${name}`],
    job_ms: jobMillis,
  });
  return id;
}

async function lease(run) {
  const asked = { repository: "rr-debugger/rr", run_id: run, runners: [{ architecture: "x86_64" }] };
  const answer = await post(`${PAGES_URL}/v1/leases`, asked);
  if (!answer.leases) throw new Error(JSON.stringify(answer));
  return answer.leases[0].id;
}

const pageOf = (id) => `${PAGES_URL}/v1/leases/${id}`;

function gallery() {
  const lines = readFileSync(process.env.GALLERY, "utf8").trim().split("\n");
  return lines.map((line) => line.split(" "));
}

// --- One page in the browser

class Tab {
  static async open(browser, url, options = {}) {
    const { scheme = "light", size = "desk", ...others } = options;
    const tab = new Tab();
    const settings = { colorScheme: scheme, viewport: sizes[size], ...others };
    tab.context = await browser.newContext({ ...settings, bypassCSP: false });
    tab.page = await tab.context.newPage();
    tab.said = [];
    tab.elsewhere = [];
    const home = new URL(url).origin;
    tab.page.on("console", (m) => m.type() === "error" && tab.said.push(m.text()));
    tab.page.on("pageerror", (error) => tab.said.push(String(error)));
    tab.page.on("request", (r) => new URL(r.url()).origin !== home && tab.elsewhere.push(r.url()));
    tab.page.on("request", (r) => r.headers().referer && tab.elsewhere.push(`referer of ${r.url()}`));
    tab.answer = await tab.page.goto(url, { waitUntil: "load" });
    return tab;
  }
  async close() {
    await this.context.close();
  }
  text(selector) {
    return this.page.textContent(selector);
  }
  async shot(name) {
    if (!SHOTS) return;
    mkdirSync(SHOTS, { recursive: true });
    await this.page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
  }
  // Through the debugger, which the pages' policy does not bind.
  async axe() {
    await this.page.evaluate(axeSource);
    const found = await this.page.evaluate(() => window.axe.run());
    return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join("; ")}`);
  }
  // Nothing may stick out on the right.
  async overhang() {
    return this.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
  }
}

// Every way to look at a page that must be flawless in all of them.
async function looksRight(browser, name, url, options = {}) {
  for (const scheme of ["light", "dark"]) {
    for (const size of Object.keys(sizes)) {
      const tab = await Tab.open(browser, url, { scheme, size, ...options });
      const how = `${name}, ${scheme}, ${size}`;
      await tab.shot(`${name.replace(/[^a-z0-9]+/gi, "-")}-${scheme}-${size}`);
      const problems = await tab.axe();
      check(`${how}: axe finds nothing`, problems.length === 0, problems.join("\n"));
      const flaws = [...tab.said, ...tab.elsewhere];
      if ((await tab.overhang()) > 0) flaws.push("it is wider than the window");
      check(`${how}: no error, nothing from elsewhere, no overhang`, !flaws.length, flaws.join("\n"));
      await tab.close();
    }
  }
}

// --- The laws

async function aLeaseLives(browser) {
  const run = await newRun(6000);
  const id = await lease(run);
  const tab = await Tab.open(browser, pageOf(id));
  let loads = 0;
  tab.page.on("load", () => (loads += 1));
  const ready = "The runner is ready and waits for its job";
  const isReady = async () => (await tab.text("#standing")) === ready;
  check("a page becomes current by itself: the runner is ready", await until(isReady), await tab.text("main"));
  await tab.page.focus("summary");
  await tab.page.keyboard.press("Enter");
  const isOpen = () => tab.page.evaluate(() => document.getElementById("stamps").open);
  check("the stamps open with the keyboard", await isOpen());
  await looksRight(browser, "lease ready", pageOf(id));
  await post(`${GITHUB_URL}/_emulator/runs/${run}/cancel`);
  for (const verb of ["begin", "complete"])
    await post(`${GITHUB_URL}/_emulator/runs/${run}/jobs/stop-runners/${verb}`);
  const isOver = async () => (await tab.text("#standing")).startsWith("Ended: the run was over");
  check("a page becomes current by itself: the run is over", await until(isOver), await tab.text("main"));
  check("and says so to who listens", (await tab.text("#said")) === (await tab.text("#standing")));
  check("what somebody opened stays open", await isOpen());
  check("the page was not loaded anew", loads === 0);
  const isStill = async () => (await tab.page.getAttribute("#main", "data-poll")) === "0";
  check("once all is gone it asks no more", await until(isStill));
  check("meanwhile nothing was said on the console", !tab.said.length, tab.said.join("\n"));
  check("and nothing was asked elsewhere", !tab.elsewhere.length, tab.elsewhere.join("\n"));
  await tab.close();
}

async function withoutScripts(browser) {
  const run = await newRun(6000);
  const id = await lease(run);
  const tab = await Tab.open(browser, pageOf(id), { javaScriptEnabled: false });
  const text = await tab.page.innerText("main");
  check("without scripts a page says the same", text.includes("Time to a runner"), text);
  check("and that it reads itself anew", text.includes("reads itself anew every 10 s"), text);
  const refresh = await tab.page.content();
  check("which it does", refresh.includes('http-equiv="refresh" content="10"'));
  await tab.close();
  await post(`${GITHUB_URL}/_emulator/runs/${run}/cancel`);
}

async function theGallery(browser) {
  const shown = new Set(["job-done", "interrupted", "hostile"]);
  for (const [outcome, id] of gallery()) {
    if (shown.has(outcome)) await looksRight(browser, `lease ${outcome}`, pageOf(id));
    const tab = await Tab.open(browser, pageOf(id));
    const text = await tab.page.innerText("main");
    const isFine = ["job-done", "run-over", "released"].includes(outcome);
    if (outcome === "job-done")
      check("a page says what stages usually take", text.includes("usually after"), text);
    check(`lease ${outcome}: ${isFine ? "nothing to do" : "it says what to do"}`,
      text.includes("What to do:") !== isFine, text);
    await tab.close();
  }
  const [, hostile] = gallery().find(([outcome]) => outcome === "hostile");
  const tab = await Tab.open(browser, pageOf(hostile));
  let alerts = 0;
  tab.page.on("dialog", () => (alerts += 1));
  await tab.page.reload();
  const made = await tab.page.evaluate(() => document.querySelectorAll("main img, main script").length);
  check("hostile text is text", made === 0 && alerts === 0 && !tab.elsewhere.length);
  await tab.close();
}

const signedIn = { httpCredentials: { username: "operator", password: ADMIN_TOKEN } };

async function theGate(browser) {
  const ask = (path, headers = {}) => fetch(ADMIN_URL + path, { headers, redirect: "manual" });
  for (const path of ["/", "/leases", "/times", "/leases/l-00000000000000000000"]) {
    const bare = await ask(path, { Accept: "text/html" });
    check(`without its token ${path} is not shown`, bare.status === 401 && !(await bare.text()).includes("Leases"));
    const wrong = await ask(path, { Authorization: `Bearer ${ADMIN_TOKEN}x` });
    check(`nor with another token`, wrong.status === 401);
  }
  const right = await ask("/", { Authorization: `Bearer ${ADMIN_TOKEN}` });
  check("a script's token opens", right.status === 200);
  const policy = right.headers.get("content-security-policy");
  check("under a policy that lets nothing in", policy.startsWith("default-src 'none'"), policy);
  check("and tells nobody where one was", right.headers.get("referrer-policy") === "no-referrer");
  // Nobody is there to type one in.
  const asked = await Tab.open(browser, `${ADMIN_URL}/`).then(() => "", (error) => error.message);
  check("a browser is asked for it", asked.includes("ERR_INVALID_AUTH_CREDENTIALS"), asked);
}

// Every figure leads somewhere.
async function itsLinks(tab) {
  const all = await tab.page.locator("main a").evaluateAll((links) => links.map((one) => one.href));
  const bad = [];
  for (const href of new Set(all)) {
    const answer = await tab.context.request.get(href);
    if (answer.status() !== 200) bad.push(`${answer.status()} ${href}`);
  }
  return { all, bad };
}

async function theDashboard(browser) {
  await looksRight(browser, "dashboard", `${ADMIN_URL}/`, signedIn);
  await looksRight(browser, "leases", `${ADMIN_URL}/leases`, signedIn);
  await looksRight(browser, "times", `${ADMIN_URL}/times`, signedIn);
  const tab = await Tab.open(browser, `${ADMIN_URL}/`, signedIn);
  const isWell = async () => (await tab.text("#standing")) === "All is well";
  check("while all is well it says so", await until(isWell), await tab.text("main"));
  const links = await itsLinks(tab);
  check("each of its links is answered", links.all.length > 15 && !links.bad.length, links.bad.join("\n"));
  const link = tab.page.getByRole("link", { name: "boot-failed", exact: true });
  await link.focus();
  const shown = await tab.text("#fresh");
  check("it becomes current by itself", await until(async () => (await tab.text("#fresh")) !== shown));
  const focused = await tab.page.evaluate(() => document.activeElement.textContent);
  check("and the keyboard stays where it was", focused === "boot-failed", focused);
  const row = tab.page.locator("tr", { has: link });
  const count = Number(await row.first().locator("td").first().innerText());
  await tab.page.keyboard.press("Enter");
  await tab.page.waitForURL(/outcome=boot-failed/);
  const found = await tab.page.innerText("main");
  check("a figure leads to the leases behind it", count > 0 && found.includes(`${count} lease`), found);
  await tab.page.locator("tbody a").first().click();
  check("and from there to one of them", (await tab.text("#standing")).startsWith("Ended:"));
  check("meanwhile nothing was said on the console", !tab.said.length, tab.said.join("\n"));
  check("nothing was asked elsewhere, and no page told where it was", !tab.elsewhere.length, tab.elsewhere.join("\n"));
  await tab.close();
  const plain = await Tab.open(browser, `${ADMIN_URL}/`, { ...signedIn, javaScriptEnabled: false });
  const text = await plain.page.innerText("main");
  check("without scripts it says the same", text.includes("Time to a runner") && text.includes("Audit"), text);
  await plain.close();
}

async function byLink(browser) {
  await looksRight(browser, "dashboard by link", LINK);
  const tab = await Tab.open(browser, LINK);
  await tab.page.getByRole("link", { name: "All leases" }).click();
  check("below a link are the lists", (await tab.text("h1")) === "Leases");
  await tab.page.locator("tbody a").first().click();
  check("and the leases", (await tab.text("#standing")).length > 0);
  check("no page told where it was", !tab.elsewhere.length, tab.elsewhere.join("\n"));
  await tab.close();
  const forged = LINK.replace(/.(?=\/$)/, (last) => (last === "0" ? "1" : "0"));
  const later = LINK.replace(/\d(?=-)/, (last) => (last === "9" ? "8" : String(Number(last) + 1)));
  const bad = { "forged": forged, "for later than was signed": later, "expired": EXPIRED_LINK };
  for (const [what, url] of Object.entries(bad)) {
    const shut = await Tab.open(browser, url);
    const text = await shut.page.innerText("main");
    const isShut = shut.answer.status() === 401 && text.includes("operator alone") && !text.includes("Audit");
    check(`a link that is ${what} opens nothing, and says why`, url !== LINK && isShut, text);
    const problems = await shut.axe();
    check("on a page in which axe finds nothing", problems.length === 0, problems.join("\n"));
    await shut.close();
  }
  const list = await fetch(`${EXPIRED_LINK}leases`);
  check("nor does anything below it", list.status === 401);
}

async function refusals(browser) {
  const tab = await Tab.open(browser, pageOf("l-00000000000000000000"));
  check("a lease that is not there: status 404", tab.answer.status() === 404);
  check("and a page that says so", (await tab.text("h1")) === "There is no such lease");
  await tab.close();
}

async function otherForms() {
  const [, id] = gallery()[0];
  const get = (path, accept) => fetch(PAGES_URL + path, { headers: { Accept: accept } });
  const json = await get(`/v1/leases/${id}`, "*/*");
  check("curl gets JSON", (await json.json()).state === "gone");
  const tag = json.headers.get("etag");
  const again = await fetch(pageOf(id), { headers: { "If-None-Match": tag } });
  check("and is told when nothing has changed", again.status === 304);
  const line = await (await get(`/v1/leases/${id}`, "text/plain")).text();
  check("one line for a job's summary", /^Done: the job has run\. .*\$\d.*\.\n$/.test(line), line);
  const badge = await get(`/v1/leases/${id}/badge.svg`, "image/svg+xml");
  check("a badge", (await badge.text()).includes("<title>mayfly: done</title>"));
  check("that is an image", badge.headers.get("content-type") === "image/svg+xml");
}

const browser = await chromium.launch({ executablePath: BROWSER, args: ["--no-sandbox"] });
const began = Date.now();
const laws = [aLeaseLives, withoutScripts, theGallery, theGate, theDashboard, byLink, refusals, otherForms];
for (const law of laws) {
  if (process.env.LAWS && !process.env.LAWS.includes(law.name)) continue;
  try {
    await law(browser);
  } catch (error) {
    check(`${law.name} runs to its end`, false, error.stack);
  }
}
await browser.close();
console.log(`# ${Math.round((Date.now() - began) / 1000)} s in the browser`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
