// What the browser scripts share: Chromium as it must be started here, pages that note every complaint, and checks.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const desktop = fileURLToPath(new URL("../../web/desktop/package.json", import.meta.url));
const { chromium } = createRequire(desktop)("playwright-core");

// The limit of a wait for what must come, not its length.
export const PATIENCE_MS = 60_000;

// What a demo announces: {url, users: [{login, password, role}]}
export function announced() {
  const found = JSON.parse(readFileSync(process.argv[2], "utf8"));
  found.url = found.url.replace(/\/$/, "");
  found.user = (role) => {
    const user = found.users.find((one) => one.role === role);
    if (!user) throw new Error(`the demo announces no ${role}`);
    return user;
  };
  return found;
}

export async function launch() {
  return chromium.launch({
    executablePath: process.env.FSORCH_CHROMIUM || "/usr/bin/chromium",
    timeout: 2 * PATIENCE_MS,
    args: [
      "--no-sandbox", // as root, which containers often are
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // Tabs behind another one are looked at too.
      "--disable-background-timer-throttling",
      "--disable-renderer-backgrounding",
    ],
  });
}

// Everything a page complained about or fetched from elsewhere; empty at the end, or the test fails.
export const complaints = [];

export async function openPage(context, url, tolerate = () => false) {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  // FSORCH_SLOW=6: as on a processor six times slower, to find what waits too little.
  if (process.env.FSORCH_SLOW)
    await (await context.newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: Number(process.env.FSORCH_SLOW) });
  const note = (what) => tolerate(what) || complaints.push(what);
  page.on("pageerror", (error) => note(`page error: ${error}`));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && note(`console: ${message.text()}`));
  page.on("request", (request) => {
    const to = new URL(request.url());
    if (to.protocol !== "data:" && to.host !== new URL(url).host) note(`asked another host: ${request.url()}`);
  });
  return page;
}

export async function logIn(page, url, user) {
  await page.goto(`${url}/login`);
  await page.getByLabel("Login").fill(user.login);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForSelector(".workplace");
}

export function check(condition, what) {
  if (!condition) throw new Error(`not so: ${what}`);
}

export async function text(page, name) {
  return (await page.locator(`[data-test=${name}]`).first().innerText()).trim();
}

// What axe-core finds on a page that keeps somebody from working with it: serious and critical findings are faults.
export async function sound(page, name) {
  const axe = createRequire(desktop).resolve("axe-core");
  const known = await page.evaluate(() => "axe" in window);
  // The server forbids inline scripts, as it should; what the debugger runs is not the page's.
  if (!known) await page.evaluate(readFileSync(axe, "utf8"));
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter((one) => ["serious", "critical"].includes(one.impact))
      .map((one) => `${one.id}: ${one.nodes.map((node) => `${node.target} ${node.any[0]?.message ?? ""}`).join(", ")}`);
  });
  check(found.length === 0, `nothing keeps anybody out (${name}):\n  ${found.join("\n  ")}`);
}

export async function shot(page, name) {
  if (process.env.FSORCH_SHOTS) await page.screenshot({ path: `${process.env.FSORCH_SHOTS}/${name}.png`, animations: "disabled" });
}

// The desk and the board at a width: nothing sticks out of the page, and no button or field covers another.
export async function fits(page, width, name, height = 900) {
  await page.setViewportSize({ width, height });
  const faults = await page.evaluate(() => {
    const found = [];
    // What stays in sight at the window's edge covers what is scrolled below it, as it should.
    const stuck = [...document.querySelectorAll(".call > footer")];
    for (const one of stuck) one.style.position = "static";
    const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > wide) found.push(`the page is ${document.documentElement.scrollWidth} px wide`);
    const inside = (one) => one.closest(".scroll, .picture") !== null;
    const parts = [...document.querySelectorAll("button, input, select, textarea, a, h1, h2, dd, .pill, .clock")]
      .filter((one) => one.checkVisibility() && !one.closest(".unseen"))
      .map((one) => [one, one.getBoundingClientRect()]);
    const say = (one) => `${one.tagName.toLowerCase()} ${one.textContent.trim().slice(0, 24) || one.dataset.test || ""}`;
    for (const [one, box] of parts)
      if (!inside(one) && (box.left < -1 || box.right > wide + 1)) found.push(`${say(one)} sticks out`);
    const acts = parts.filter(([one]) => /^(BUTTON|INPUT|SELECT|TEXTAREA)$/.test(one.tagName));
    for (const [n, [one, a]] of acts.entries())
      for (const [other, b] of acts.slice(n + 1)) {
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (across > 1 && down > 1 && !one.contains(other)) found.push(`${say(one)} covers ${say(other)}`);
      }
    for (const [one] of acts) if (one.scrollWidth > one.clientWidth + 2 && one.tagName === "BUTTON") found.push(`${say(one)} is cut off`);
    for (const one of stuck) one.style.position = "";
    return found;
  });
  await shot(page, `${name}-${width}`);
  check(faults.length === 0, `all fits at ${width} px (${name}): ${faults.join("; ")}`);
}

export function seconds(clock) {
  return clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}

// Run `body` and end the process with what came of it: one line for each step, and the reason when it fails.
export async function run(body) {
  const browser = await launch();
  let doing = "start";
  const step = async (name, act) => {
    doing = name;
    const began = Date.now();
    const result = await act();
    console.log(`ok ${name} (${Date.now() - began} ms)`);
    return result;
  };
  try {
    await body(browser, step);
    if (complaints.length) throw new Error(`the page complained:\n  ${complaints.join("\n  ")}`);
  } catch (error) {
    console.log(`FAILED at: ${doing}\n${error instanceof Error ? error.stack : error}`);
    if (process.env.FSORCH_SHOTS)
      for (const [n, page] of browser.contexts().flatMap((context) => context.pages()).entries())
        await page.screenshot({ path: `${process.env.FSORCH_SHOTS}/failed-${n}.png` });
    process.exitCode = 1;
  } finally {
    await browser.close();
  }
}
