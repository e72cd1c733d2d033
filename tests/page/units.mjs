// What the page works out by itself: moments by a customer's clock, keys, names, and what is told to the ear.

import assert from "node:assert/strict";
import test from "node:test";
import { isShortcut, keyed } from "../../web/desktop/src/keys.ts";
import { callerName, isLong, isSought, phone, straight } from "../../web/desktop/src/names.ts";
import { announcement, pageTitle } from "../../web/desktop/src/spoken.ts";
import { alike } from "../../web/desktop/src/sharing.ts";
import { isSkipped, momentOf, wallAt } from "../../web/desktop/src/time.ts";

const utc = (text) => Date.parse(`${text}Z`);

test("a customer's clock is read over the changes of the clocks, in the east and in the west", () => {
  for (const [wall, zone, at] of [
    ["2027-01-31T09:00", "America/New_York", "2027-01-31T14:00"],
    ["2027-07-31T09:00", "America/New_York", "2027-07-31T13:00"],
    // Left out: as if the clocks had not been changed yet.
    ["2027-03-14T02:30", "America/New_York", "2027-03-14T07:30"],
    ["2027-03-28T02:30", "Europe/Berlin", "2027-03-28T01:30"],
    ["2027-03-14T03:00", "America/New_York", "2027-03-14T07:00"],
    // Twice: the first of them.
    ["2027-11-07T01:30", "America/New_York", "2027-11-07T05:30"],
    ["2027-10-31T02:30", "Europe/Berlin", "2027-10-31T00:30"],
    ["2027-01-31T09:00", "Asia/Kathmandu", "2027-01-31T03:15"],
    ["2027-10-03T02:15", "Australia/Lord_Howe", "2027-10-02T15:45"],
  ])
    assert.equal(new Date(momentOf(wall, zone)).toISOString().slice(0, 16), at, `${wall} in ${zone}`);
  assert.ok(Number.isNaN(momentOf("", "Europe/Berlin")));
  assert.ok(Number.isNaN(momentOf("2027-13-01T00:00", "Europe/Berlin")));
});

test("the moments of a year come back as they were", () => {
  for (const zone of ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns"])
    for (let at = utc("2027-01-01T00:00"), last = -Infinity; at < utc("2028-01-01T00:00"); at += 97 * 900_000) {
      const wall = wallAt(at, zone);
      const found = momentOf(wall, zone);
      assert.equal(wallAt(found, zone), wall);
      assert.ok(found <= at && at - found <= 3_600_000, `${wall} in ${zone}`);
      assert.ok(found > last);
      last = found;
    }
});

test("a time that the clocks leave out is told", () => {
  assert.ok(isSkipped("2027-03-14T02:30", "America/New_York"));
  assert.ok(!isSkipped("2027-03-14T03:00", "America/New_York"));
  assert.ok(!isSkipped("2027-11-07T01:30", "America/New_York"));
  assert.ok(!isSkipped("", "America/New_York"));
});

const key = (given) => ({ key: "", code: "", altKey: false, ctrlKey: false, metaKey: false, repeat: false, target: null, ...given });
const text = { tagName: "TEXTAREA" };

test("a shortcut is Alt and a letter's place, and on a Mac never a letter that is being written", () => {
  assert.ok(isShortcut(key({ altKey: true, key: "ч", code: "KeyX" }), false));
  assert.ok(isShortcut(key({ altKey: true, key: "x", code: "KeyX", target: text }), false));
  assert.ok(isShortcut(key({ altKey: true, key: "ź", code: "KeyX" }), true));
  assert.ok(!isShortcut(key({ altKey: true, key: "ź", code: "KeyX", target: text }), true));
  // AltGr of a keyboard on Windows.
  assert.ok(!isShortcut(key({ altKey: true, ctrlKey: true, code: "KeyX" }), false));
  assert.ok(!isShortcut(key({ altKey: true, repeat: true, code: "KeyX" }), false));
});

test("a word's key is what it writes, or its place where the keyboard writes another script", () => {
  const keys = ["s", "l", "1", "q"];
  assert.equal(keyed(key({ key: "S", code: "KeyS" }), keys), "s");
  assert.equal(keyed(key({ key: "ы", code: "KeyS" }), keys), "s");
  assert.equal(keyed(key({ key: "&", code: "Digit1" }), keys), "1");
  // On a French keyboard the key that writes an a stands where others have their q.
  assert.equal(keyed(key({ key: "a", code: "KeyQ" }), keys), "");
  assert.equal(keyed(key({ key: "s", code: "KeyS", target: text }), keys), "");
  assert.equal(keyed(key({ key: "s", code: "KeyS", altKey: true }), keys), "");
  assert.equal(keyed(key({ key: "Enter", code: "Enter" }), keys), "");
});

test("names of strangers are tame", () => {
  assert.equal(callerName({ name: "a\u202eb\nc", number: "1" }), "a b c");
  assert.equal([...callerName({ name: "🦊".repeat(100), number: "1" })].length, 81);
  assert.equal(callerName({ name: "+4930123456", number: "4930123456" }), "");
  assert.equal(phone("anonymous"), "Number withheld");
  assert.equal(phone("+12125550142"), "+1 212 555 0142");
  assert.ok(isLong("x".repeat(41)));
  assert.ok(!isLong("👩‍👩‍👧‍👦 Zoë"));
});

test("an agent is found by parts of the name or by the phone", () => {
  const zoe = { id: "a1", name: "Zoë Müller", phone: "user/1042@pbx" };
  for (const typed of ["müll", "ZOË 104", "", " a1 "]) assert.ok(isSought(zoe, typed), typed);
  assert.ok(!isSought(zoe, "zoë bea"));
});

const contact = { id: "c", number: "+12125550142", name: "Ida <b>", queue_title: "Sales", enqueued_at: 0, direction: "inbound", medium: "voice" };
const lead = { phase: "shown", lead: "7", name: "Zoë", number: "+12125550142", campaign_title: "Spring" };

test("what comes is told once, and what the agent did is not", () => {
  const ringing = { state: "ringing", contact, lead: null };
  const now = 60_000;
  assert.match(announcement(ringing, "", now), /^Incoming call from Ida <b>, \+1 212 555 0142 for Sales\. Alt A answers\.$/);
  assert.match(announcement({ ...ringing, contact: { ...contact, enqueued_at: 18e6 } }, "", now), /, waited 42 seconds\./);
  assert.match(announcement({ ...ringing, contact: { ...contact, direction: "outbound" } }, "", now), /^Answered by Ida/);
  assert.match(announcement({ ...ringing, contact: { ...contact, medium: "voicemail" } }, "", now), /^A message from Ida/);
  // A standing line: nothing rings before they talk.
  assert.match(announcement({ state: "talking", contact, lead: null }, "", now), /^On the line: Ida/);
  assert.equal(announcement({ state: "talking", contact, lead: null }, "c", now), "");
  // Of a call that the agent makes nobody has answered yet.
  const own = { state: "ringing", contact: { ...contact, direction: "outbound" }, lead: { ...lead, phase: "dialling", placed: false, answered: false } };
  assert.equal(announcement(own, "", now), "Your phone rings for Zoë. Alt A answers.");
  assert.equal(announcement({ ...own, lead: { ...own.lead, placed: true } }, "", now), "Calling Zoë.");
  assert.match(announcement({ ...own, lead: { ...own.lead, placed: true, answered: true } }, "", now), /^Answered by Ida/);
  assert.equal(pageTitle(own, null), "Calling Zoë · fsorch");
  assert.equal(announcement({ state: "idle", contact: null, lead }, "", now), "To be called: Zoë, for Spring. Alt A calls.");
  assert.equal(announcement({ state: "wrap_up", contact: null, lead: { ...lead, phase: "closing" } }, "c", now), "");
});

test("the title tells an agent and a supervisor what waits for them", () => {
  assert.equal(pageTitle({ state: "idle", contact: null, lead }, null), "☎ Zoë: look, then call");
  assert.equal(pageTitle({ state: "ringing", contact, lead: null }, null), "☎ Ida <b> is calling");
  assert.equal(pageTitle(null, { queues: [{ waiting: 2 }, { waiting: 1 }] }), "(3) Board · fsorch");
  assert.equal(pageTitle(null, null), "fsorch");
});

test("what would turn the text around it is left out of a lead's own values", () => {
  assert.equal(straight("\u202eevil\u202c Zo\u00eb\n"), "evil  Zo\u00eb");
  assert.equal(straight("\u05e2\u05db\u05d5"), "\u05e2\u05db\u05d5");
});

test("what has not changed stays the same thing, so that it is not drawn again", () => {
  const before = [{ id: "a", state: "idle" }, { id: "b", state: "idle" }];
  const [a] = before;
  assert.equal(alike(before, structuredClone(before)), before);
  const changed = alike(before, [{ id: "a", state: "idle" }, { id: "b", state: "talking" }]);
  assert.equal(changed[0], a);
  assert.equal(changed[1].state, "talking");
  const moved = alike(before, [structuredClone(before[1]), structuredClone(a)]);
  assert.deepEqual(moved.map((one) => one.id), ["b", "a"]);
  assert.equal(moved[1], a);
  assert.deepEqual(alike(before, [a]), [a]);
});
