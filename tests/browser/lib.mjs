// What the browser scripts share: Chromium as it must be started here, pages that note every complaint, and checks.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const desktop = fileURLToPath(new URL("../../web/desktop/package.json", import.meta.url));
const { chromium } = createRequire(desktop)("playwright-core");

export const PATIENCE_MS = 30_000;

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
