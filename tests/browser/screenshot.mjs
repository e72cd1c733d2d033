// The picture of a call in front of an agent: node screenshot.mjs ANNOUNCE.json PICTURE.png

import { announced, logIn, openPage, run } from "./lib.mjs";

const demo = announced();
const picture = process.argv[3];
// Long enough that the clocks show a life, short enough that the phone still rings.
const RING_MS = 6000;

// Calls are taken until one has a name to show.
async function namedCaller(page) {
  for (;;) {
    await page.waitForSelector("[data-test=answer]:not(:disabled)", { timeout: 120_000 });
    if (await page.locator("[data-test=number]").isVisible()) return;
    await page.locator("[data-test=answer]").click();
    await page.locator("[data-test=hold]").waitFor();
    await page.locator("[data-test=hangup]").click();
    await page.locator("[data-test=ready]").click();
  }
}

await run(async (browser, step) => {
  const context = await browser.newContext({ viewport: { width: 1200, height: 760 }, colorScheme: "light" });
  const page = await openPage(context, demo.url);
  await step("log in and start", async () => {
    await logIn(page, demo.url, demo.user("agent"));
    await page.locator("[data-test=start]").click();
  });
  await step("a caller with a name rings", () => namedCaller(page));
  await step(`picture ${picture}`, async () => {
    await page.waitForTimeout(RING_MS);
    await page.screenshot({ path: picture, animations: "disabled" });
  });
});
