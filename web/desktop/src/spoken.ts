// What the page says to the ear and in its title: one sentence for what an agent must not miss.

import { callerName, isOnItsWay, phone, tame } from "./names";
import { spoken } from "./time";
import type { Agent, Board, Contact, Lead } from "./types";

// What has just come to an agent; empty for what needs no words. `before`: the contact that was told of before, whose
// answer is the agent's own doing; `now`: milliseconds by the server's clock.
export function announcement(agent: Agent, before: string, now: number): string {
  const { contact, lead } = agent;
  if (lead && isOnItsWay(agent) && (lead.placed || agent.state === "ringing")) return lead.placed ? `Calling ${leadName(lead)}.` : `Your phone rings for ${leadName(lead)}. Alt A answers.`;
  if (agent.state === "ringing" && contact) return incoming(contact, now);
  if (agent.state === "talking" && contact && contact.id !== before) return `On the line: ${who(contact)}${forWhat(contact)}.`;
  if (!contact && lead?.phase === "shown") return `To be called: ${leadName(lead)}, for ${lead.campaign_title}. Alt A calls.`;
  return "";
}

function incoming(contact: Contact, now: number): string {
  if (contact.medium === "voicemail") return `A message from ${who(contact)}${forWhat(contact)}. Alt A answers.`;
  const waited = contact.enqueued_at ? `, waited ${spoken(now / 1000 - contact.enqueued_at / 1e6)}` : "";
  const what = contact.direction === "outbound" ? "Answered by" : "Incoming call from";
  return `${what} ${who(contact)}${forWhat(contact)}${waited}. Alt A answers.`;
}

function who(contact: Contact): string {
  return [callerName(contact), phone(contact.number)].filter(Boolean).join(", ");
}

function forWhat(contact: Contact): string {
  return contact.queue_title ? ` for ${contact.queue_title}` : "";
}

function leadName(lead: Lead): string {
  return tame(lead.name) || phone(lead.number);
}

// The title says what matters when the page is not in front.
export function pageTitle(agent: Agent | null, board: Board | null): string {
  const contact = agent?.contact;
  if (agent?.lead && isOnItsWay(agent)) return `Calling ${leadName(agent.lead)} · fsorch`;
  if (agent && contact && agent.state === "ringing") return `☎ ${callerName(contact) || phone(contact.number)} is calling`;
  if (agent?.state === "talking") return "On a call · fsorch";
  if (agent && !contact && agent.lead?.phase === "shown") return `☎ ${leadName(agent.lead)}: look, then call`;
  if (!board || agent) return "fsorch";
  const waiting = board.queues.reduce((sum, queue) => sum + queue.waiting, 0);
  return waiting ? `(${waiting}) Board · fsorch` : "Board · fsorch";
}
