// An agent's and a supervisor's work in Chromium, against a running fsorch: node desktop.mjs ANNOUNCE.json

import { announced, check, logIn, openPage, PATIENCE_MS, run, seconds, text } from "./lib.mjs";

const CALLS_TO_TRY = 6;
// While the line is cut on purpose, and at the wrong password, the browser itself reports the failed request.
const expected = (what) => /Failed to load resource|ERR_INTERNET_DISCONNECTED|WebSocket connection/.test(what);

const demo = announced();
const agent = demo.user("agent");
const supervisor = demo.user("supervisor");

const phase = (page, name) => page.waitForSelector(`[data-test=call][data-phase=${name}]`);

// The caller may end a call whenever they like, and a wrap-up ends by itself. Then the scenario starts over with the next
// call.
class Overtaken extends Error {}

async function while_(page, name, act) {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Overtaken || (await page.locator(`[data-test=${name}]`).count()) === 0) throw new Overtaken(name);
    throw error;
  }
}

const inCall = (page, act) => while_(page, "call", act);

async function nextCall(page) {
  const ready = page.locator("[data-test=ready]");
  await page.waitForFunction(() => document.querySelector("[data-test=answer]:not(:disabled), [data-test=ready]"), null, {
    timeout: 3 * PATIENCE_MS,
  });
  // A wrap-up may end by itself meanwhile.
  if (await ready.isVisible()) await while_(page, "wrapup", () => ready.click());
  await page.waitForSelector("[data-test=answer]:not(:disabled)", { timeout: 3 * PATIENCE_MS });
}

async function wholeCall(page, second, step) {
  await step("a call rings", () => nextCall(page));
  const before = await step("who calls is seen before answering", () => inCall(page, () => seen(page)));
  await step("the second tab rings too", () => inCall(page, () => phase(second, "ringing")));
  await step("answer", () =>
    inCall(page, async () => {
      await page.locator("[data-test=answer]").click();
      await phase(page, "talking");
      await phase(second, "talking");
    }),
  );
  await step("a reload in mid-call keeps everything", () =>
    inCall(page, async () => {
      await page.reload();
      await phase(page, "talking");
      check((await text(page, "caller")) === before.caller, "the caller is the same after the reload");
      check((await text(page, "answers")) === before.answers, "the keyed answers are the same after the reload");
    }),
  );
  await step("the second tab shows the same", () =>
    inCall(page, async () => {
      check((await text(second, "caller")) === before.caller, "both tabs show the same caller");
      check((await text(second, "queue")) === before.queue, "both tabs show the same queue");
    }),
  );
  await step("a wish is kept, shown everywhere and taken back", () => inCall(page, () => wish(page, second)));
  await step("hold and take back", () =>
    inCall(page, async () => {
      await page.locator("[data-test=hold]").click();
      await phase(page, "held");
      await phase(second, "held");
      await second.locator("[data-test=hold]").click();
      await phase(page, "talking");
    }),
  );
  await step("hang up", () =>
    inCall(page, async () => {
      await page.keyboard.press("Alt+x");
      await page.waitForSelector("[data-test=wrapup]");
    }),
  );
  await step("the wrap-up counts down", () => while_(page, "wrapup", () => countdown(page)));
  await step("ready again", async () => {
    await while_(page, "wrapup", () => page.locator("[data-test=ready]").click());
    await page.waitForSelector("[data-test=wrapup]", { state: "detached" });
    await second.waitForSelector("[data-test=wrapup]", { state: "detached" });
  });
}

async function seen(page) {
  const caller = await text(page, "caller");
  const number = (await page.locator("[data-test=number]").count()) ? await text(page, "number") : caller;
  check(/\d{2}|withheld/.test(number), `a number is shown, not ${number}`);
  const queue = await text(page, "queue");
  check(queue.length > 0, "the queue is shown");
  check(/^\d+:\d\d/.test(await text(page, "waited")), "the time waited is shown");
  check((await text(page, "why")).length > "Why you".length, "why this agent is shown");
  const answers = await text(page, "answers");
  check(/[0-9*#]/.test(answers) || /Nothing/.test(answers), `what the caller keyed is shown, not ${answers}`);
  // Both follow what is shown, on a slow machine a moment later: the title, and what a screen reader is told.
  await page.waitForFunction(() => document.title.includes("is calling"));
  await page.locator("[aria-live=assertive]").getByText("Incoming call").waitFor({ state: "attached" });
  return { caller, number, queue, answers };
}

async function wish(page, second) {
  const lunch = page.locator("[data-test^=break-]").first();
  await lunch.click();
  await page.waitForSelector("[data-test=wish]");
  await second.waitForSelector("[data-test=wish]");
  await second.locator("[data-test=wish-cancel]").click();
  await page.waitForSelector("[data-test=wish]", { state: "detached" });
}

async function countdown(page) {
  const first = seconds(await text(page, "wrapup-left"));
  if (first === 0) throw new Overtaken("wrapup");
  await page.waitForFunction(
    (then) => {
      const shown = document.querySelector("[data-test=wrapup-left]")?.textContent ?? "";
      return !shown || shown.split(":").reduce((sum, part) => sum * 60 + Number(part), 0) < then;
    },
    first,
  );
  if ((await page.locator("[data-test=wrapup]").count()) === 0) throw new Overtaken("wrapup");
}

async function firstLogIn(page) {
  await page.goto(demo.url);
  await page.getByLabel("Login").fill(agent.login);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByText("The login or the password is wrong.").waitFor();
  await page.getByLabel("Password").fill(agent.password);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".rail");
  check(new URL(page.url()).pathname === "/", "the address is that of the desk");
}

async function linkLoss(context, page) {
  await context.setOffline(true);
  await page.waitForSelector("[data-test=banner]");
  check(/connection is lost/i.test(await text(page, "banner")), "the banner says what has happened");
  await context.setOffline(false);
  await page.waitForSelector("[data-test=banner]", { state: "detached" });
  await page.waitForSelector(".link.up");
}

async function boardMoves(page) {
  await page.waitForSelector("[data-test=queues]");
  check((await page.locator("[data-test^=queue-]").count()) > 0, "queues are listed");
  check((await page.locator("[data-test^=agent-]").count()) > 0, "agents are listed");
  const answered = async () => Number(await page.locator("[data-test=total-answered] .tile-value").innerText());
  const before = await answered();
  await page.waitForFunction(
    (then) => Number(document.querySelector("[data-test=total-answered] .tile-value")?.textContent) > then,
    before,
    { timeout: 2 * PATIENCE_MS },
  );
}

await run(async (browser, step) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await openPage(context, demo.url, expected);
  await step("a wrong password is refused, the right one opens the desk", () => firstLogIn(page));
  const second = await openPage(context, demo.url, expected);
  await step("a second tab needs no second log-in", async () => {
    await second.goto(demo.url);
    await second.waitForSelector(".rail");
  });
  await step("start taking calls", async () => {
    await page.locator("[data-test=start]").click();
    await page.waitForSelector("[data-test=start]", { state: "detached" });
    await second.waitForSelector("[data-test=start]", { state: "detached" });
  });
  for (let n = 1; ; n++) {
    try {
      await wholeCall(page, second, step);
      break;
    } catch (error) {
      if (!(error instanceof Overtaken) || n === CALLS_TO_TRY) throw error;
      console.log(`overtaken by the end of the ${error.message}: again with the next call`);
    }
  }
  await step("a lost line is said, and mended", () => linkLoss(context, page));

  const office = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "dark" });
  const board = await openPage(office, demo.url);
  await step("a supervisor logs in", () => logIn(board, demo.url, supervisor));
  await step("the board moves", () => boardMoves(board));
  await step("a supervisor pauses a queue and lets it go on", async () => {
    await board.locator("[data-test=pause-reception]").click();
    await board.locator("[data-test=queue-reception] .pill.break").waitFor();
    // The board may show the change before its button has had the answer.
    await board.locator("[data-test=pause-reception]:not([aria-busy=true])").press("Enter");
    await board.locator("[data-test=queue-reception] .pill.break").waitFor({ state: "detached" });
  });
  await step("the emergency switch closes and opens", async () => {
    const office = board.locator("[data-test=calendar-office]");
    await office.locator("[data-test=emergency-ask]").click();
    await office.locator("[data-test=emergency-reason]:focus").waitFor();
    await board.keyboard.type("Water in the cellar");
    await board.keyboard.press("Enter");
    await office.getByText("Water in the cellar").waitFor();
    await office.locator("[data-test=emergency-off]").click();
    await office.locator("[data-test=emergency-ask]").waitFor();
  });
  await step("an agent gets another queue at once", async () => {
    const row = board.locator("[data-test=agent-bea]");
    const serves = board.locator("[data-test=serves-reception]");
    await row.locator("button.agent-row").click();
    await row.locator("[data-test=work-open]").click();
    check(!(await serves.isChecked()), "Bea does not serve the reception");
    await serves.check();
    await board.locator("[data-test=work-save]").click();
    await board.locator("[data-test=work]").waitFor({ state: "detached" });
    await row.locator("[data-test=work-open]").click();
    check(await serves.isChecked(), "Bea serves the reception");
    await row.locator("button.agent-row").click();
  });
  await step("a call's story is told, and found by its number", async () => {
    await board.getByRole("link", { name: "Calls" }).click();
    const first = board.locator("[data-test=found] a").first();
    await first.click();
    await board.locator("[data-test=story] li").first().waitFor();
    const number = (await first.locator(".nowrap").nth(1).innerText()).replace(/\D/g, "");
    await board.locator("[data-test=search]").fill(number.slice(-5));
    await board.waitForFunction(
      (digits) => {
        const rows = [...document.querySelectorAll("[data-test=found] a")];
        return rows.length > 0 && rows.every((row) => (row.textContent ?? "").replace(/\D/g, "").includes(digits));
      },
      number.slice(-5),
    );
    await board.getByRole("link", { name: "Board" }).click();
  });
  await step("the flow is drawn, and what callers did in it is counted", async () => {
    await board.getByRole("link", { name: "Flows" }).click();
    await board.waitForFunction(() => document.querySelector("[data-test=picture]")?.naturalWidth > 0);
    await board.locator("[data-test=versions] tbody tr").first().waitFor();
    const entered = board.locator("[data-test=figures] dd").first();
    check(Number(await entered.innerText()) > 0, "callers have entered the flow");
    await board.getByRole("link", { name: "Board" }).click();
  });
  await step("a supervisor sends the agent on a break", async () => {
    const row = board.locator(`[data-test=agent-${agent.agent ?? agent.login}]`);
    await row.locator("button.agent-row").click();
    await row.locator(".acts button").first().click();
    await page.locator("[data-test=wish], .quiet.break").first().waitFor();
  });
  await step("sign out", async () => {
    await page.locator("[data-test=sign-out]").click();
    await page.locator("[data-test=leave-both]").click();
    await page.getByRole("button", { name: "Log in" }).waitFor();
    // The other tab is shown out as well.
    await second.getByRole("button", { name: "Log in" }).waitFor();
  });
});
