// The live line to the server: views as they change, and what to do when the line is gone.

import { io, type Socket } from "socket.io-client";
import { me } from "./api";
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
    take("board", message, receipt);
    set({ board: message.view });
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
  before?.removeAllListeners();
  before?.disconnect();
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
