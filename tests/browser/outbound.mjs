// Campaigns, messages and listening in Chromium, as an agent and as a supervisor: node outbound.mjs ANNOUNCE.json

import { announced, check, fits, logIn, openPage, run, shot, sound, text } from "./lib.mjs";

const site = announced();
const person = (login) => site.users.find((one) => one.login === login);
const CARL_WAITS_MS = 180_000;
// A number that is no number, and one that is barred, are refused on purpose, and the browser tells of it.
const expected = (what) => /status of 4\d\d/.test(what);

const is = (page, name) => page.locator(`[data-test=${name}]`);
const focused = (page, name) => page.locator(`[data-test=${name}]:focus, [data-test=${name}] :focus`).first().waitFor();

async function start(page, login) {
  await logIn(page, site.url, person(login));
  await is(page, "start").waitFor();
  // The button has the focus: one key begins the shift.
  await focused(page, "start");
  await page.keyboard.press("Enter");
  await is(page, "start").waitFor({ state: "detached" });
}

// Words of the script that is in front of the agent.
async function leadShown(page) {
  await is(page, "preview").waitFor();
  return text(page, "lead-name");
}

// Another lead than `before` is in front of the agent.
async function nextLead(page, before) {
  await page.waitForFunction(
    (name) => {
      const shown = document.querySelector("[data-test=preview] [data-test=lead-name]")?.textContent ?? name;
      return shown.trim() !== name;
    },
    before,
  );
  return text(page, "lead-name");
}

// Walk with Tab until `name` has the focus; every stop on the way shows where it is.
async function tabTo(page, name) {
  const way = [];
  for (let n = 0; n < 60; n++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const here = document.activeElement;
      const style = getComputedStyle(here);
      const shown = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
      return { test: here.dataset.test ?? "", what: `${here.tagName} ${here.textContent.trim().slice(0, 20)}`, shown };
    });
    check(at.shown || at.what.startsWith("BODY"), `the focus on ${at.what} is visible`);
    if (at.test === name) return way;
    way.push(at.what);
  }
  throw new Error(`Tab never came to ${name}, but to ${way.join(", ")}`);
}

async function everyWidth(page, name) {
  for (const width of [1280, 1024, 390]) await fits(page, width, name);
  await page.setViewportSize({ width: 1280, height: 900 });
  await sound(page, name);
}

async function preview(page) {
  const first = await leadShown(page);
  check(first === "Zoë Quinn", `the first lead by priority is shown, not ${first}`);
  const said = await text(page, "script");
  check(said.includes("Hello Zoë Quinn, this is Bea Moser"), "the script has the names filled in");
  check(said.includes("Comfort 20 in New York"), "the script has the fields filled in");
  check(/^\d+:\d\d$/.test(await text(page, "preview-left")), "the time left is shown");
  check((await text(page, "lead-fields")).includes("2012"), "the lead's fields are shown");
  check((await text(page, "astray")).includes("America/New York"), "that the clocks differ is said");
  await page.getByText("after six; the daughter").waitFor();
  check((await is(page, "caller-id").locator("option").count()) === 2, "the agent may choose what they see");
  await is(page, "callbacks-due").getByText("1 due.").waitFor();
  check((await text(page, "my-callbacks")).includes("Ida Long"), "it says who was promised a call");
  await focused(page, "dial");
  return first;
}

// A promise of one's own is moved to an hour in which they may be called, and taken back, by keys.
async function changePromise(page) {
  const own = is(page, "my-callbacks");
  const row = own.locator("li", { hasText: "Max Late" });
  await row.getByRole("button").focus();
  await page.keyboard.press("Enter");
  await focused(page, "callback-at");
  await page.keyboard.press("Escape");
  await is(page, "change-callback").waitFor({ state: "detached" });
  check(await row.getByRole("button").evaluate((button) => button === document.activeElement), "the focus is back");
  await page.keyboard.press("Enter");
  const at = is(page, "callback-at");
  await at.fill(`${(await at.inputValue()).slice(0, 10)}T03:00`);
  await page.getByText("Outside of the hours").waitFor();
  await everyWidth(page, "change-callback");
  await is(page, "callback-first").click();
  await page.getByText("Outside of the hours").waitFor({ state: "detached" });
  check((await at.inputValue()).endsWith("T08:00"), "the first hour that the law permits is taken");
  const before = await row.locator("strong").innerText();
  await at.press("Enter");
  await is(page, "change-callback").waitFor({ state: "detached" });
  await page.waitForFunction(
    (then) => ![...document.querySelectorAll("[data-test=my-callbacks] strong")].some((one) => one.innerText === then),
    before,
  );
  await row.getByRole("button").click();
  await is(page, "callback-done").click();
  await row.waitFor({ state: "detached" });
}

async function skip(page, before) {
  await tabTo(page, "skip");
  await page.keyboard.press("Enter");
  await focused(page, "skip-reasons");
  await page.keyboard.press("Escape");
  await is(page, "skip-reasons").waitFor({ state: "detached" });
  check((await leadShown(page)) === before, "Escape skips nothing");
  await is(page, "skip").click();
  await focused(page, "skip-reasons");
  await shot(page, "skip");
  await page.keyboard.press("Enter");
  const next = await nextLead(page, before);
  check(next === "José Ñandú", `the next lead is shown, not ${next}`);
  return next;
}

async function callLead(page) {
  await page.getByRole("radio", { name: "work" }).check();
  await is(page, "caller-id").selectOption({ index: 1 });
  const seen = await is(page, "caller-id").locator("option:checked").innerText();
  await page.keyboard.press("Alt+a");
  await page.waitForSelector("[data-test=call][data-phase=talking]");
  await is(page, "dispositions").waitFor();
  const called = await text(page, "number");
  check(called.endsWith("0102"), `the number that was chosen is called, not ${called}`);
  check((await is(page, "call").innerText()).includes(seen), `they see what was chosen, ${seen}`);
}

async function callback(page) {
  await page.keyboard.press("l");
  await focused(page, "more");
  const label = await is(page, "more").innerText();
  check(/by their clock \(New York\)/.test(label), `the time is the customer's own: ${label}`);
  const at = is(page, "callback-at");
  const there = await at.inputValue();
  const shown = await page.evaluate(() =>
    new Date().toLocaleString("sv", { timeZone: "America/New_York" }).replace(" ", "T").slice(0, 13),
  );
  check(Math.abs(Date.parse(`${there}Z`) - Date.parse(`${shown}:00Z`)) <= 3 * 3_600_000, `${there} is soon in New York, ${shown}`);
  await at.fill("2020-01-01T09:00");
  await is(page, "said-save").click();
  await page.getByText("That time is over.").waitFor();
  check((await at.getAttribute("aria-invalid")) === "true", "the field is marked");
  await at.fill("");
  await page.getByText("Choose a day and a time.").waitFor();
  await page.getByRole("button", { name: "Tomorrow" }).click();
  check(/here$/.test(await text(page, "callback-here")), "the moment by this desk's clock stands beside it");
}

async function dispose(page, second) {
  await is(page, "said-note").fill("wants the big one");
  await page.keyboard.press("Control+Enter");
  await is(page, "more").waitFor({ state: "detached" });
  for (const one of [page, second]) await one.locator("[data-test=said-later][aria-pressed=true]").waitFor();
}

async function words(page) {
  // A note is asked for, and not forgotten.
  await page.keyboard.press("c");
  await focused(page, "said-note");
  await page.keyboard.type("ls");
  check((await is(page, "said-note").inputValue()) === "ls", "keys of words are letters in the note");
  await page.keyboard.press("Escape");
  await is(page, "more").waitFor({ state: "detached" });
  // The key of a word opens its heading, and what has to be filled in is asked for.
  await page.keyboard.press("t");
  await focused(page, "answer-price");
  await page.locator("[data-test=said-dear][aria-pressed=true]").waitFor();
  await is(page, "said-save").click();
  await page.getByText("Needed: Their price.").waitFor();
  await focused(page, "answer-price");
  await is(page, "said-save").hover();
  await fits(page, 420, "asks");
  await page.setViewportSize({ width: 1280, height: 900 });
  await is(page, "answer-price").focus();
  await page.keyboard.press("Escape");
  await is(page, "more").waitFor({ state: "detached" });
  // One key puts nobody onto the no-call list: it asks, and Enter says yes.
  await page.keyboard.press("d");
  await focused(page, "said-save");
  await is(page, "said-bars").waitFor();
  await page.keyboard.press("Escape");
  await is(page, "more").waitFor({ state: "detached" });
  check((await page.locator("[data-test^=said-][aria-pressed=true]").count()) === 0, "nothing has been said yet");
}

async function afterwards(page) {
  await page.keyboard.press("Alt+x");
  await is(page, "wrapup").waitFor();
  await is(page, "dispositions").waitFor();
  await everyWidth(page, "wrapup");
  await page.keyboard.press("s");
  // It is shown, and may be changed until the wrap-up is over.
  await page.locator("[data-test=said-sold][aria-pressed=true]").waitFor();
  await page.keyboard.press("Alt+r");
  await is(page, "wrapup").waitFor({ state: "detached" });
  await leadShown(page);
}

async function byHand(page, second) {
  const number = is(page, "by-hand-number");
  await number.fill("12 34");
  await page.keyboard.press("Enter");
  await page.getByText("A number begins with + and the code of its country.").waitFor();
  check((await number.getAttribute("aria-invalid")) === "true", "the field is marked");
  await page.getByLabel("For which campaign").selectOption("by-hand");
  await number.fill("+1 (212) 555-0199");
  await page.keyboard.press("Enter");
  await is(page, "by-hand-says").getByText(/is not called/).waitFor();
  await number.fill("+1 (212) 555-0177");
  await is(page, "by-hand-call").click();
  for (const one of [page, second]) await one.waitForSelector("[data-test=call][data-phase=talking]");
  check((await text(page, "caller")).endsWith("555 0177"), "the number that was typed is called");
}

async function listening(board, page) {
  const row = board.locator("[data-test=agent-bea]");
  await row.locator("button.agent-row").click();
  for (const [mode, words] of [["listen", "listens"], ["whisper", "whispers to you"], ["barge", "talks with you both"]]) {
    await row.locator(`[data-test=${mode}]`).click();
    await is(page, "listeners").getByText(`Sam Carter ${words}`).waitFor();
    if (mode === "listen") await shot(page, "listened");
  }
  await row.locator("[data-test=listen-stop]").click();
  await page.locator("[data-test=listeners].on").waitFor({ state: "detached" });
}

async function steer(board) {
  const row = (state) => board.locator(`[data-test=campaign-power][data-state=${state}]`);
  await row("draft").waitFor();
  await is(board, "start-campaign-power").click();
  await row("running").waitFor();
  check(/of 3.0 %|of \d/.test(await text(board, "drops-power")), "what is left of the drops is shown");
  await is(board, "pause-campaign-power").click();
  await focused(board, "campaign-reason");
  await shot(board, "board-pause");
  await board.keyboard.press("Escape");
  await is(board, "campaign-why").waitFor({ state: "detached" });
  await is(board, "pause-campaign-power").click();
  await focused(board, "campaign-reason");
  await board.keyboard.type("The script is wrong");
  await board.keyboard.press("Enter");
  await row("paused").waitFor();
  await is(board, "campaign-why").waitFor({ state: "detached" });
  await is(board, "resume-campaign-power").click();
  await row("running").waitFor();
  await is(board, "stop-campaign-power").click();
  await focused(board, "campaign-reason");
  await board.keyboard.press("Enter");
  await board.locator("[data-test=campaign-power]:is([data-state=draining], [data-state=finished])").waitFor();
}

async function incomplete(board) {
  await is(board, "start-campaign-law").click();
  await is(board, "campaign-missing").locator("li").first().waitFor();
  await focused(board, "campaign-reason");
  await board.keyboard.press("Enter");
  await board.getByText("A reason is needed").waitFor();
  await everyWidth(board, "missing");
  await board.keyboard.press("Escape");
  await is(board, "campaign-missing").waitFor({ state: "detached" });
  await board.locator("[data-test=campaign-law][data-state=draft]").waitFor();
}

async function message(page) {
  await page.locator("[data-test=answer]:not(:disabled)").click({ timeout: CARL_WAITS_MS });
  const audio = is(page, "message");
  await audio.waitFor();
  await page.waitForFunction(() => document.querySelector("[data-test=message]").duration > 0);
  await audio.evaluate((sound) => sound.play());
  await page.waitForFunction(() => document.querySelector("[data-test=message]").currentTime > 0.3);
  await everyWidth(page, "message");
  await is(page, "hangup").click();
  await is(page, "message").waitFor({ state: "detached" });
}

await run(async (browser, step) => {
  const context = await browser.newContext({ reducedMotion: "reduce", viewport: { width: 1280, height: 900 } });
  const page = await openPage(context, site.url, expected);
  await step("one key begins the shift", () => start(page, "bea"));
  const mail = await openPage(await browser.newContext({ reducedMotion: "reduce", viewport: { width: 1280, height: 900 } }), site.url, expected);
  await step("the agent of the messages begins", () => start(mail, "carl"));
  const first = await step("a lead is shown before it is called", () => preview(page));
  await step("all fits, light", () => everyWidth(page, "preview"));
  await step("an own promise is moved and taken back", () => changePromise(page));
  await step("a lead is skipped with a reason, by keys", () => skip(page, first));
  const second = await openPage(context, site.url, expected);
  await step("a second tab shows the same lead", async () => {
    await second.goto(site.url);
    check((await leadShown(second)) === (await leadShown(page)), "both tabs show the same lead");
  });
  await step("another number of the lead is called", () => callLead(page));
  await step("a reload in mid-call keeps the lead, the script and the words", async () => {
    await page.reload();
    await page.waitForSelector("[data-test=call][data-phase=talking]");
    await is(page, "dispositions").waitFor();
    check((await text(page, "script")).includes("José Ñandú"), "the script is there again");
  });
  await step("all fits while they talk, dark", async () => {
    await page.emulateMedia({ colorScheme: "dark" });
    await everyWidth(page, "talking-dark");
    await page.emulateMedia({ colorScheme: "light" });
  });
  await step("words by their keys, never while writing", () => words(page));
  await step("a callback by the customer's clock", () => callback(page));
  await step("all fits with the callback open", () => everyWidth(page, "callback"));
  await step("it is promised, and the other tab knows", () => dispose(page, second));
  await step("ready again, and the next lead comes", async () => {
    await page.keyboard.press("Alt+x");
    await is(page, "wrapup").waitFor();
    await page.keyboard.press("Alt+r");
    await leadShown(page);
  });
  await step("a number by hand: wrong, barred, right", () => byHand(page, second));

  const office = await browser.newContext({ reducedMotion: "reduce", viewport: { width: 1280, height: 900 }, colorScheme: "dark" });
  const board = await openPage(office, site.url, expected);
  await step("a supervisor sees the campaigns", async () => {
    await logIn(board, site.url, person("sam"));
    await board.getByRole("link", { name: "Board" }).click();
    await is(board, "campaigns").waitFor();
    await everyWidth(board, "board-dark");
  });
  await step("the agent sees who listens, whispers, joins in", () => listening(board, page));
  await step("how it was, after the call", () => afterwards(page));
  await step("start, pause with a reason, resume, stop", () => steer(board));
  await step("what is missing is told before a start", () => incomplete(board));
  await step("a message is delivered, and heard", () => message(mail));
});
