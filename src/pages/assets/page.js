// Keeps a page fresh: counts its times on, and asks now and then whether there is something new.
// The server writes the page; this only takes over what it wrote. Without it the page works too.
"use strict";
(() => {
  const main = document.getElementById("main");
  const said = document.getElementById("said");
  const longest_ms = 60000;
  const whole_after_ms = 15000;
  let taken = performance.now(); // when what is shown was written
  let failures = 0;
  let timer = 0;
  let is_asking = false;

  const pair = (big, bigUnit, small, smallUnit) =>
    big + " " + bigUnit + (small ? " " + small + " " + smallUnit : "");
  // As words.h says it.
  const spoken = (ms) => {
    const s = Math.floor(ms / 1000);
    if (ms < 10000) return Math.round(ms / 100) / 10 + " s";
    if (s < 60) return s + " s";
    if (s < 3600) return pair(Math.floor(s / 60), "min", s % 60, "s");
    if (s < 86400) return pair(Math.floor(s / 3600), "h", Math.floor((s % 3600) / 60), "min");
    return pair(Math.floor(s / 86400), "d", Math.floor((s % 86400) / 3600), "h");
  };

  const count = () => {
    const passed = performance.now() - taken;
    for (const time of main.querySelectorAll("[data-since]"))
      time.textContent = spoken(Number(time.dataset.since) + passed);
    for (const time of main.querySelectorAll("[data-left]"))
      time.textContent = spoken(Math.max(0, Number(time.dataset.left) - passed));
  };

  const same_attributes = (one, other) =>
    one.attributes.length === other.attributes.length &&
    [...one.attributes].every((a) => other.getAttribute(a.name) === a.value);

  const replace = (old, fresh) => {
    if (old.isEqualNode(fresh)) return;
    const is_alike = old.nodeType === Node.ELEMENT_NODE && old.nodeName === fresh.nodeName;
    if (is_alike && same_attributes(old, fresh)) merge(old, fresh);
    else old.replaceWith(fresh);
  };

  const merge = (old, fresh) => {
    const from = [...fresh.childNodes];
    const to = [...old.childNodes];
    if (from.length === to.length) to.forEach((one, i) => replace(one, from[i]));
    else old.replaceChildren(...from);
  };

  const likeness_of = (old) =>
    old.id
      ? document.getElementById(old.id)
      : [...main.querySelectorAll("a[href]")].find((one) => one.href === old.href);

  // What is alike stays, and with it what somebody has opened, marked or reached with the keyboard.
  const take = (next) => {
    const open = [...main.querySelectorAll("details[open]")].map((one) => one.id);
    const reached = document.activeElement;
    for (const one of next.querySelectorAll("details")) one.open = open.includes(one.id);
    merge(main, next);
    main.dataset.version = next.dataset.version;
    main.dataset.poll = next.dataset.poll;
    if (reached && !reached.isConnected) likeness_of(reached)?.focus({ preventScroll: true });
  };

  const show = (text) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    const next = page.getElementById("main");
    if (!next) throw new Error("no page");
    const before = document.getElementById("standing")?.textContent;
    take(next);
    taken = performance.now();
    document.title = page.title;
    const now = document.getElementById("standing")?.textContent;
    if (now && now !== before) said.textContent = now;
  };

  const ask = async () => {
    const is_old = performance.now() - taken > whole_after_ms;
    const headers = { Accept: "text/html" };
    if (!is_old) headers["If-None-Match"] = '"' + main.dataset.version + '"';
    const answer = await fetch(location.href, { headers, cache: "no-store" });
    if (answer.status === 304) return;
    if (!answer.ok) throw new Error("status " + answer.status);
    show(await answer.text());
  };

  const later = () => {
    clearTimeout(timer);
    const every = Number(main.dataset.poll);
    if (!every) return;
    const wait = Math.min(longest_ms, every * 2 ** failures);
    timer = setTimeout(look, wait * (0.8 + 0.4 * Math.random()));
  };

  const look = async () => {
    if (document.hidden || is_asking) return;
    is_asking = true;
    try {
      await ask();
      failures = 0;
    } catch {
      failures = Math.min(failures + 1, 6);
      const fresh = document.getElementById("fresh");
      if (fresh) fresh.textContent = "mayfly does not answer; this may be old.";
    }
    is_asking = false;
    later();
  };

  if (!main) return;
  setInterval(count, 1000);
  document.addEventListener("visibilitychange", () => {
    if (Number(main.dataset.poll)) look();
  });
  later();
})();
