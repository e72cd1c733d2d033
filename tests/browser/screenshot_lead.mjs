// The picture of a lead in front of an agent: node screenshot_lead.mjs ANNOUNCE.json PICTURE.png

import { announced, logIn, openPage, run } from "./lib.mjs";

const site = announced();
const picture = process.argv[3];

await run(async (browser, step) => {
  const context = await browser.newContext({ viewport: { width: 1200, height: 840 }, colorScheme: "light" });
  const page = await openPage(context, site.url);
  await step("log in and start", async () => {
    await logIn(page, site.url, site.user("agent"));
    await page.locator("[data-test=start]").click();
  });
  await step(`picture ${picture}`, async () => {
    await page.locator("[data-test=script]").waitFor();
    await page.screenshot({ path: picture, animations: "disabled" });
  });
});
