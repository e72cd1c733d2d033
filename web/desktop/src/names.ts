// How people and numbers are written.

import type { Agent, Board, Break, Contact, Desk, Weight } from "./types";

// Country codes of one and of two digits (ITU-T E.164, list of assigned codes); every other has three.
const ONE = new Set(["1", "7"]);
const TWO = new Set(
  "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98".split(
    " ",
  ),
);
// What switches and carriers write when a caller hides.
const HIDDEN = new Set(["", "anonymous", "unknown", "unavailable", "restricted", "private", "0000000000"]);

// A number in groups that can be read aloud; anything else is left as it came.
export function phone(number: string): string {
  if (HIDDEN.has(number.trim().toLowerCase())) return "Number withheld";
  const match = /^(\+?)(\d{5,15})$/.exec(number);
  if (!match) return tame(number);
  const digits = match[2] ?? "";
  if (!match[1]) return digits.length > 6 ? groups(digits) : digits;
  const code = ONE.has(digits.slice(0, 1)) ? 1 : TWO.has(digits.slice(0, 2)) ? 2 : 3;
  return `+${digits.slice(0, code)} ${groups(digits.slice(code))}`;
}

function groups(digits: string): string {
  const parts: string[] = [];
  let rest = digits;
  while (rest.length > 4) {
    parts.push(rest.slice(0, 3));
    rest = rest.slice(3);
  }
  return [...parts, rest].join(" ");
}

// What could turn the text around it, or hide in it: control characters and the marks of writing direction.
const TRICKS = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const LONGEST_NAME = 80;

// A name that would fill the card in the largest letters.
const LONG_NAME = 40;

export function isLong(name: string): boolean {
  return [...name].length > LONG_NAME;
}

// Words of somebody outside without what would turn them, or what stands beside them, round.
export function straight(words: string): string {
  return words.replace(TRICKS, " ").trim();
}

// Words of somebody outside as they may be shown: one line of a sane length.
export function tame(words: string): string {
  const plain = [...words.slice(0, 4 * LONGEST_NAME).replace(TRICKS, " ").trim()];
  return plain.length > LONGEST_NAME ? `${plain.slice(0, LONGEST_NAME).join("")}…` : plain.join("");
}

// The caller's name, unless it says nothing that the number does not say.
export function callerName(contact: Pick<Contact, "name" | "number">): string {
  const name = tame(contact.name);
  const bare = name.replace(/^\+/, "");
  return HIDDEN.has(name.toLowerCase()) || bare === contact.number.replace(/^\+/, "") ? "" : name;
}

export function breakTitle(breaks: readonly Break[], id: string): string {
  return breaks.find((one) => one.id === id)?.title || id || "Break";
}

const ANY_BREAK: Break = { id: "", title: "Break", weight: "neutral", queues: null };

// The breaks that an agent may choose; a centre without reasons has one.
export function breaksOf(breaks: readonly Break[], agent: Agent): Break[] {
  if (!breaks.length) return [ANY_BREAK];
  return breaks.filter((one) => one.queues === null || one.queues.some((queue) => agent.queues.includes(queue)));
}

// Microseconds on breaks up to `now` (milliseconds), the present one as well.
export function onBreaks(agent: Agent, weight: Weight, now: number): number {
  const present = agent.break_weight === weight ? Math.max(0, now * 1000 - agent.status_since) : 0;
  return (agent.breaks_us[weight] ?? 0) + present;
}

export const WEIGHTS: readonly Weight[] = ["good", "neutral", "bad"];

export function queueTitle(view: Board | Desk, id: string): string {
  return view.queues.find((queue) => queue.id === id)?.title || id;
}

// How an agent is shown: one word that decides the colour, and the words people read.
export type AgentTone = "idle" | "ringing" | "talking" | "held" | "wrap" | "break" | "out";
export type Tone = AgentTone | "waiting";

export function tone(agent: Agent): AgentTone {
  if (agent.state === "ringing" || agent.state === "reserved") return "ringing";
  if (agent.state === "talking") return agent.contact?.held ? "held" : "talking";
  if (agent.state === "wrap_up") return "wrap";
  if (agent.status === "break") return "break";
  return agent.status === "available" ? "idle" : "out";
}

// Whether somebody who types that means this agent: all of the words stand in the name, the id or the phone.
export function isSought(agent: Agent, typed: string): boolean {
  const known = [agent.name, agent.id, agent.phone].join(" ").toLowerCase();
  return typed.toLowerCase().split(/\s+/).every((word) => known.includes(word));
}

// Whether the next contact can be offered to them.
export function isFree(agent: Agent): boolean {
  return tone(agent) === "idle" && !agent.unready;
}

export function toneLabel(agent: Agent, breaks: readonly Break[]): string {
  switch (tone(agent)) {
    case "ringing":
      return agent.state === "reserved" ? "Connecting" : "Ringing";
    case "talking":
      return "On a call";
    case "held":
      return "On hold";
    case "wrap":
      return "Wrap-up";
    case "break":
      return agent.reason ? breakTitle(breaks, agent.reason) : "On break";
    case "out":
      return "Logged out";
    case "idle":
      return "Available";
  }
}

// Since when the agent is what `toneLabel` says: an idle agent since the choice or the last call, whichever is later.
export function toneSince(agent: Agent): number {
  if (agent.state === "idle") return Math.max(agent.status_since, agent.state_since);
  return agent.state_since;
}

// Whether a call that the agent makes has not been answered yet: their own phone rings first, or the lead's does.
export function isOnItsWay(agent: Agent): boolean {
  return ["reserved", "ringing"].includes(agent.state) && agent.lead?.phase === "dialling" && !agent.lead.answered;
}

// A dial string as people say it: "user/1001@pbx.example" is the phone 1001.
export function phoneName(dial: string): string {
  const match = /^(?:user|sofia\/gateway\/[^/]+|sofia\/[^/]+)\/([^@/]+)/.exec(dial);
  return match?.[1] ?? dial;
}

// What somebody types for another phone: a number goes as it is (the engine knows extensions from numbers outside), the
// name of a phone as one beside their own.
export function dialString(typed: string, own: string): string {
  const number = typed.replace(/[\s()/.-]/g, "");
  if (/^\+?\d+$/.test(number)) return number;
  if (!typed || typed.includes("/")) return typed;
  const domain = /@(.+)$/.exec(own)?.[1];
  return typed.includes("@") || !domain ? `user/${typed}` : `user/${typed}@${domain}`;
}

export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  return words
    .slice(0, 1)
    .concat(words.slice(1).slice(-1))
    .map((word) => [...word][0] ?? "")
    .join("")
    .toUpperCase();
}

// "break:lunch" -> "Lunch", "logged_out" -> "Log out"
export function wish(asked: string, breaks: readonly Break[]): string {
  const [status, reason = ""] = asked.split(":", 2);
  if (status === "break") return reason ? breakTitle(breaks, reason) : "Break";
  return status === "logged_out" ? "Log out" : "Available";
}
