// The live line to the server: views as they change, and what to do when the line is gone.

import { io, type Socket } from "socket.io-client";
import { me } from "./api";
import { alike } from "./sharing";
import { get, set } from "./store";
import { heard } from "./time";
import type { Board, Desk, Pushed } from "./types";

let socket: Socket | null = null;
let last: Record<"agent" | "board", number> = { agent: 0, board: 0 };

// Open the line. The server sends everything once, then what changes.
export function connect(): void {
  if (socket) return;
  set({ link: "connecting" });
  socket = io({
    transports: ["websocket", "polling"],
    tryAllTransports: true,
    reconnectionDelay: 400,
    reconnectionDelayMax: 4000,
    timeout: 5000,
  });
  socket.on("connect", () => {
    last = { agent: 0, board: 0 };
    set({ link: "up" });
  });
  socket.on("agent", (message: Pushed<Desk>, receipt: () => void) => {
    take("agent", message, receipt);
    set({ desk: message.view });
  });
  socket.on("board", (message: Pushed<Board>, receipt: () => void) => {
    take("board", message, () => undefined);
    show(message.view, receipt);
  });
  socket.on("disconnect", (reason) => {
    lost();
    // The server itself hung up: the session has ended, or the rights are others now.
    if (reason === "io server disconnect") void lookAgain();
  });
  socket.on("connect_error", () => {
    lost();
    void lookAgain();
  });
}

// Close the line, at log-out.
export function disconnect(): void {
  const before = socket;
  socket = null;
  coming = null;
  before?.removeAllListeners();
  before?.disconnect();
}

// A board of hundreds of rows takes a slow machine its time to draw: drawing gets a quarter of the time at most, so that keys
// are heard in between. What came meanwhile is passed over, and receipts that come late make the server send less.
const REST = 3;
const UNPAINTED_MS = 2_000;
let coming: { view: Board; receipt: () => void } | null = null;
let drawing = 0;
let took = 0;
let ended = 0;

function show(view: Board, receipt: () => void): void {
  coming?.receipt();
  coming = { view, receipt };
  plan();
}

function plan(): void {
  if (!drawing && coming) drawing = window.setTimeout(draw, Math.max(0, ended + REST * took - performance.now()));
}

function draw(): void {
  if (!coming) {
    // The line was closed meanwhile; the next one is planned for anew.
    drawing = 0;
    return;
  }
  const began = performance.now();
  const { view, receipt } = coming;
  coming = null;
  set({ board: shared(get().board, view) });
  let over = false;
  const done = () => {
    if (over) return;
    over = true;
    ended = performance.now();
    took = ended - began;
    drawing = 0;
    receipt();
    plan();
  };
  requestAnimationFrame(() => setTimeout(done));
  // Nothing is painted behind another window, where the title still counts; and it may come in front of this one meanwhile.
  setTimeout(done, document.hidden ? 0 : UNPAINTED_MS);
}

function shared(before: Board | null, now: Board): Board {
  if (!before) return now;
  return { ...now, agents: alike(before.agents, now.agents), contacts: alike(before.contacts, now.contacts), queues: alike(before.queues, now.queues) };
}

// Try now instead of waiting for the next attempt.
export function retry(): void {
  if (socket && !socket.connected) socket.disconnect().connect();
}

function lost(): void {
  if (get().link !== "down") set({ link: "down", lostAt: Date.now() });
}

function take(topic: "agent" | "board", message: Pushed<unknown>, receipt: () => void): void {
  receipt();
  heard(message.at);
  const expected = last[topic] + 1;
  last[topic] = message.n;
  // A message is missing: what it said may matter, so ask for the whole.
  if (message.n > expected) socket?.emit("hello");
}

async function lookAgain(): Promise<void> {
  try {
    const user = await me();
    if (!user) disconnect();
    else if (socket && !socket.active) socket.connect();
  } catch {
    // The server is away: Socket.IO goes on trying, and the banner says so.
    if (socket && !socket.active && get().user) setTimeout(retry, 1000);
  }
}
