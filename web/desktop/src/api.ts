// Requests to the server.

import { get, set, tell } from "./store";
import type { User } from "./types";

export class Refused extends Error {
  constructor(
    message: string,
    readonly code: string,
    readonly status: number,
  ) {
    super(message);
  }
}

// A server with much to do answers late, and does what it was asked for all the same.
const PATIENCE_MS = 15_000;
// A password takes a processor its time by intent, and people of a whole shift log in at once.
const LOGIN_PATIENCE_MS = 45_000;
let token = "";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

async function call<Answer>(method: Method, path: string, body?: unknown, patience = PATIENCE_MS): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(patience),
      headers: method !== "GET" ? { "Content-Type": "application/json", "X-CSRF-Token": token } : {},
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Refused("The server does not answer. Check your network; this page keeps trying.", "unreachable", 0);
  }
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer as Answer;
  const said = (answer ?? {}) as { error?: string; code?: string };
  throw new Refused(said.error ?? `The server answered ${response.status}.`, said.code ?? "", response.status);
}

interface Me {
  user: User | null;
  csrf: string;
}

// Who is logged in. Raises Refused when the server cannot be asked.
export async function me(): Promise<User | null> {
  const answer = await call<Me>("GET", "/api/me");
  token = answer.csrf;
  become(answer.user);
  return answer.user;
}

// What was shown to somebody else is none of theirs.
function become(user: User | null): void {
  const same = user !== null && user.login === get().user?.login;
  set(same ? { user } : { user, desk: null, board: null });
}

export async function logIn(login: string, password: string, code: string): Promise<void> {
  // The token may be of a session that has ended meanwhile, or of somebody who has logged in in another tab.
  token = (await call<Me>("GET", "/api/me")).csrf;
  const answer = await call<Me>("POST", "/api/login", { login, password, code }, LOGIN_PATIENCE_MS);
  token = answer.csrf;
  become(answer.user);
}

export async function logOut(): Promise<void> {
  await call("POST", "/api/logout", {});
  set({ user: null, desk: null, board: null });
}

export type Verb =
  | "login"
  | "logout"
  | "status"
  | "answer"
  | "hangup"
  | "hold"
  | "call-back"
  | "wrapup-end"
  | "wrapup-more"
  | "next"
  | "mute"
  | "keys"
  | "transfer"
  | "transfer-complete"
  | "transfer-cancel"
  | "confer"
  | "add-party"
  | "drop-party"
  | "dial"
  | "skip"
  | "dial-number"
  | "dispose";

// What supervisors do to a talk, and to a contact that waits.
export type SteeringVerb =
  | "talk/listen"
  | "talk/listen-stop"
  | "talk/take-over"
  | "contact/move"
  | "contact/give"
  | "contact/priority"
  | "contact/callback-now"
  | "contact/callback-cancel"
  | "contact/message-done";

// Ask the engine for something; a refusal is shown and gives false.
export async function ask(verb: Verb, body: Record<string, unknown> = {}): Promise<boolean> {
  return say(`agent/${verb}`, body);
}

export async function steer(verb: SteeringVerb, body: Record<string, unknown>): Promise<boolean> {
  return say(verb, body);
}

async function say(path: string, body: Record<string, unknown>): Promise<boolean> {
  return change("POST", path, body);
}

// Change something of the centre; a refusal is shown and gives false.
export async function change(method: Method, path: string, body: object): Promise<boolean> {
  return (await attempt(method, path, body)) !== null;
}

// What the server has there; null when it refuses, which is shown.
export async function fetchJson<Answer>(path: string): Promise<Answer | null> {
  return attempt<Answer>("GET", path);
}

// The same in the background: a refusal is no matter, for it is asked again.
export async function peek<Answer>(path: string): Promise<Answer | null> {
  try {
    return await call<Answer>("GET", `/api/${path}`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return null;
  }
}

async function attempt<Answer>(method: Method, path: string, body?: object, again = true): Promise<Answer | null> {
  const before = get().user?.login;
  try {
    return await call<Answer>(method, `/api/${path}`, body);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // The session is another: the same person's, begun in another tab; somebody else's; or nobody's.
    const moved = error.status === 401 || error.code === "csrf";
    const now = moved ? await me().catch(() => undefined) : undefined;
    if (moved && again && now && now.login === before) return attempt<Answer>(method, path, body, false);
    tell(now === undefined ? sentence(error.message) : now ? `Nothing was done: ${now.login} has logged in here.` : "Nothing was done: you are logged out. Log in again.");
    return null;
  }
}

export function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
