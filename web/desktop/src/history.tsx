// What became of a call, and why: the newest calls, found by number, each with its story.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { fetchJson } from "./api";
import { callerName, phone } from "./names";
import { Pill } from "./parts";
import { clock } from "./time";
import type { Tone } from "./names";
import type { Ended, Story } from "./types";

const WAIT_MS = 250;
const OUTCOMES: Record<string, [string, Tone]> = {
  answered: ["Answered", "idle"],
  abandoned: ["Gave up", "waiting"],
  left_flow: ["Left the menu", "out"],
  voicemail: ["Left a message", "wrap"],
  not_reached: ["Not reached", "out"],
  overflowed: ["Sent elsewhere", "out"],
  self_served: ["Served by the flow", "out"],
  dropped: ["Dropped", "break"],
  machine: ["A machine", "out"],
  lost: ["Lost", "break"],
  "": ["Going on", "talking"],
};

export function HistoryView({ id }: { id: string }): JSX.Element {
  const [number, setNumber] = useState("");
  const [rows, setRows] = useState<Ended[] | null>(null);
  const look = async (what: string) => {
    const digits = what.replace(/\D/g, "");
    const query = digits ? `?number=${encodeURIComponent(digits)}` : "";
    setRows((await fetchJson<Ended[]>(`contacts${query}`)) ?? []);
  };
  useEffect(() => {
    const wait = setTimeout(() => void look(number), rows === null ? 0 : WAIT_MS);
    return () => clearTimeout(wait);
  }, [number]);
  return (
    <main class="history" data-test="history">
      <h1 class="unseen">Calls</h1>
      <section class="panel" aria-labelledby="calls">
        <h2 id="calls">Calls</h2>
        <form
          class="search"
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            void look(number);
          }}
        >
          <label>
            Number, or a part of it
            <input
              type="search"
              inputMode="tel"
              value={number}
              spellcheck={false}
              data-test="search"
              onInput={(event) => setNumber(event.currentTarget.value)}
            />
          </label>
          <button type="submit" class="button chip">
            Look again
          </button>
        </form>
        {rows?.length === 0 && <p class="soft pad">{number ? "No call from such a number." : "No call yet."}</p>}
        <ul class="calls" data-test="found">
          {(rows ?? []).map((row) => (
            <li key={row.id}>
              <Found row={row} open={row.id === id} />
            </li>
          ))}
        </ul>
      </section>
      {id ? <Told key={id} id={id} /> : <Hint />}
    </main>
  );
}

function Found({ row, open }: { row: Ended; open: boolean }): JSX.Element {
  const [title, tone] = OUTCOMES[row.outcome] ?? [row.outcome, "out"];
  const began = new Date(row.began_at / 1000);
  const today = began.toDateString() === new Date().toDateString();
  return (
    <a class="call-row" href={`#calls/${row.id}`} aria-current={open ? "true" : undefined}>
      <span class="soft small nowrap">
        {began.toLocaleString([], today ? { timeStyle: "short" } : { dateStyle: "short", timeStyle: "short" })}
      </span>
      <span class="grow">
        <span class="nowrap">{phone(row.number)}</span> <span class="soft clip" dir="auto">{callerName(row)}</span>
        <span class="soft small block">{[row.queue, row.agent].filter(Boolean).join(" · ")}</span>
      </span>
      <Pill tone={tone}>{title}</Pill>
    </a>
  );
}

function Told({ id }: { id: string }): JSX.Element {
  const [story, setStory] = useState<Story | null | undefined>(undefined);
  useEffect(() => {
    void fetchJson<Story>(`contacts/${encodeURIComponent(id)}/story`).then(setStory);
  }, []);
  if (story === undefined) return <p class="soft pad">One moment…</p>;
  if (story === null) return <p class="soft pad">This call is not on record.</p>;
  const { contact } = story;
  const name = callerName(contact);
  return (
    <article class="panel story" aria-labelledby="story" data-test="story">
      <header>
        <h2 id="story" class="title" dir="auto">
          {name || phone(contact.number)}
        </h2>
        <p class="soft">
          {name ? `${phone(contact.number)} · ` : ""}
          {new Date(contact.began_at / 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "medium" })}
        </p>
        <dl class="facts">
          <Fact name="Waited" value={contact.enqueued_at ? clock(Math.round(contact.waited_us / 1e6)) : ""} />
          <Fact name="Talked" value={contact.answered_at ? clock(Math.round(contact.talked_us / 1e6)) : ""} />
          <Fact name="Queue" value={contact.queue} />
          <Fact name="Agent" value={contact.agent} />
        </dl>
      </header>
      <ol class="told">
        {story.story.map((line, n) => (
          <li key={n}>
            <time dateTime={new Date(line.at / 1000).toISOString()}>{new Date(line.at / 1000).toLocaleTimeString([], { hour12: false })}</time>
            <span dir="auto">{line.text}</span>
          </li>
        ))}
        {story.now && (
          <li class="strong">
            <time>now</time>
            <span>{story.now}</span>
          </li>
        )}
      </ol>
      <p class="soft small pad">
        <kbd>{contact.id}</kbd>
      </p>
    </article>
  );
}

function Fact({ name, value }: { name: string; value: string }): JSX.Element | null {
  if (!value) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Hint(): JSX.Element {
  return (
    <section class="quiet out">
      <h2 class="title">Choose a call</h2>
      <p class="soft">Its story tells what was keyed, who was asked and why, and how it ended.</p>
    </section>
  );
}
