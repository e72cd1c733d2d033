// Who has queues of their own sees these, and is offered nothing that is not theirs: node bounded.mjs ANNOUNCE.json

import { announced, check, fits, logIn, openPage, run, shot, sound } from "./lib.mjs";

const site = announced();
const person = (login) => site.users.find((one) => one.login === login);
const is = (page, name) => page.locator(`[data-test=${name}]`);
const steering = "[data-test^=pause-], [data-test$=-campaign-power], [data-test$=-campaign-spring], button.agent-row, [data-test=steer]";

async function opened(browser, login) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 } });
  // Nothing is tolerated: a page that asks for what is not theirs is told so by the browser, and fails.
  const page = await openPage(context, site.url);
  await logIn(page, site.url, person(login));
  await is(page, "queues").waitFor();
  return page;
}

async function only(page, queue, title) {
  await is(page, `queue-${queue}`).waitFor();
  check((await page.locator("[data-test^=queue-]").count()) === 1, "one queue is shown");
  await is(page, "bounds").getByText(`only ${title}`).waitFor();
  check((await page.getByRole("link", { name: "Flows" }).count()) === 0, "flows are not offered");
  await page.evaluate(() => (location.hash = "#flows"));
  await is(page, "board").waitFor();
  check((await is(page, "flows").count()) === 0, "an address that was kept leads to the board");
  check((await is(page, "calendars").count()) === 0, "hours are not offered");
}

async function places(page) {
  await page.getByRole("button", { name: /^Out/ }).click();
  await is(page, "agent-dora").getByRole("button").first().click();
  await is(page, "work-open").getByText("Queues…").click();
  const form = is(page, "work");
  await form.waitFor();
  await is(page, "serves-power").waitFor();
  check(await is(page, "serves-power").isChecked(), "the place that she has is ticked");
  check((await form.locator("input[type=checkbox]").count()) === 1, "no other queue is offered");
  check((await form.getByText("Skills").count()) === 0, "no skills are offered");
  await shot(page, "bounded-places");
  await is(page, "work-save").click();
  await form.waitFor({ state: "detached" });
}

async function looked(page, name) {
  for (const [width, height] of [
    [1366, 768],
    [1920, 1080],
    [420, 900],
  ])
    await fits(page, width, name, height);
  await page.setViewportSize({ width: 1366, height: 768 });
  await sound(page, name);
  await shot(page, name);
}

await run(async (browser, step) => {
  const lea = await opened(browser, "lea");
  await step("a team leader sees the queue that is hers", async () => {
    await only(lea, "power", "Power");
    await is(lea, "campaign-power").waitFor();
    check((await is(lea, "campaign-spring").count()) === 0, "no campaign of another queue is shown");
    await is(lea, "pause-power").waitFor();
    await looked(lea, "bounded-supervisor");
  });
  await step("and changes places in it", () => places(lea));
  const client = await opened(browser, "harbour");
  await step("a client looks on", async () => {
    await only(client, "out", "Outbound");
    await is(client, "campaign-spring").waitFor();
    check((await client.locator(steering).count()) === 0, "nothing to act with is offered");
    await looked(client, "bounded-client");
    await client.getByRole("link", { name: "Calls" }).click();
    await is(client, "history").waitFor();
    await client.getByText("No call yet.").waitFor();
    await looked(client, "bounded-calls");
  });
});
