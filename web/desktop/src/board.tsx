// The supervisor's board: the centre as it is now.

import type { JSX } from "preact";
import { useCallback, useMemo, useState } from "preact/hooks";
import { ask, change } from "./api";
import { Campaigns } from "./campaigns";
import { Empty } from "./desk";
import { breaksOf, callerName, isFree, isSought, phone, queueTitle, tone, toneLabel, toneSince, type Tone } from "./names";
import { Action, BreakTimes, Pill, Since, still, WeightWord } from "./parts";
import { Hours } from "./hours";
import { Joining, Steering, isOwed } from "./steering";
import { useKnown } from "./store";
import { clock, useNow } from "./time";
import { WorkOf } from "./work";
import type { Agent, Board, Contact, Queue, User } from "./types";

// More rows than anybody reads only make the page slow.
const ROWS = 200;

export function BoardView({ user }: { user: User }): JSX.Element {
  const board = useKnown((known) => known.board);
  if (!board) return <Empty title="Setting up the board…" text="It comes with the first message of the server." />;
  return (
    <main class="board" data-test="board">
      <h1 class="unseen">Board</h1>
      <Totals board={board} user={user} />
      <div class="columns">
        <div>
          <Queues queues={board.queues} user={user} />
          <Campaigns campaigns={board.campaigns} may={user.supervises} />
          <Contacts board={board} may={user.supervises} />
          {!user.bounded && <Hours may={user.supervises} />}
        </div>
        <Agents board={board} user={user} />
      </div>
    </main>
  );
}

function Totals({ board, user }: { board: Board; user: User }): JSX.Element {
  const now = useNow();
  const sum = (key: "waiting" | "answered" | "abandoned" | "within" | "idle" | "busy" | "on_break") =>
    board.queues.reduce((total, queue) => total + queue[key], 0);
  const oldest = Math.min(...board.queues.filter((queue) => queue.oldest_enqueued_at).map((queue) => queue.oldest_enqueued_at));
  const here = board.agents.filter((agent) => agent.status !== "logged_out");
  const idle = here.filter(isFree).length;
  const talking = here.filter((agent) => agent.state === "talking").length;
  const longest = Number.isFinite(oldest) ? now / 1000 - oldest / 1e6 : 0;
  const patience = Math.min(...board.queues.map((queue) => queue.service_level_s), Infinity);
  const done = sum("answered") + sum("abandoned");
  return (
    <section class="totals" aria-label="Now">
      <Tile name="Waiting" value={String(sum("waiting"))} test="total-waiting" />
      <Tile name="Longest wait" value={clock(longest)} mood={mood(longest, patience)} />
      <Tile name="On a call" value={String(talking)} />
      <Tile
        name="Agents free"
        value={String(idle)}
        note={`of ${here.length}`}
        mood={here.length && !idle && sum("waiting") ? "warn" : ""}
      />
      <Tile name="Answered" value={String(sum("answered"))} test="total-answered" />
      <Tile name="Abandoned" value={String(sum("abandoned"))} note={sum("abandoned") ? percent(sum("abandoned"), done) : ""} />
      <Tile name="Service level" value={percent(sum("within"), done)} mood={levelMood(sum("within"), done)} />
      <div class="switches" aria-label="Switches">
        {board.switches.map((view) => (
          <span key={view.name} class={`switch ${view.up ? "up" : "down"}`}>
            <span class="dot" aria-hidden="true" />
            {view.name} {view.up ? "up" : "out of reach"}
            {view.up && !user.bounded ? `, ${view.legs} leg${view.legs === 1 ? "" : "s"}` : ""}
          </span>
        ))}
      </div>
    </section>
  );
}

function Tile(props: { name: string; value: string; note?: string; mood?: string; test?: string }): JSX.Element {
  return (
    <div class={`tile ${props.mood ?? ""}`} data-test={props.test}>
      <span class="tile-name">{props.name}</span>
      <span class="tile-value">
        {props.value}
        {props.note && <small> {props.note}</small>}
      </span>
    </div>
  );
}

function Queues({ queues, user }: { queues: Queue[]; user: User }): JSX.Element {
  const may = user.supervises;
  const none = user.bounded
    ? "No queue of this centre is yours: whoever made your login can give you some (fsorch user scope)."
    : "No queue yet: fsorch apply brings them from the centre's file.";
  return (
    <section class="panel" aria-labelledby="queues">
      <h2 id="queues">Queues</h2>
      {queues.length === 0 && <p class="soft pad">{none}</p>}
      {queues.length > 0 && (
        <div class="scroll">
          <table data-test="queues">
            <thead>
              <tr>
                <th scope="col">Queue</th>
                <th scope="col" class="num">Waiting</th>
                <th scope="col" class="num">Longest</th>
                <th scope="col">Agents</th>
                <th scope="col" class="num">Answered</th>
                <th scope="col" class="num">Abandoned</th>
                <th scope="col" class="num">Service level</th>
                {may && (
                  <th scope="col">
                    <span class="unseen">Steer</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {queues.map((queue) => (
                <QueueRow key={queue.id} queue={queue} may={may} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function QueueRow({ queue, may }: { queue: Queue; may: boolean }): JSX.Element {
  const now = useNow();
  const longest = queue.oldest_enqueued_at ? now / 1000 - queue.oldest_enqueued_at / 1e6 : 0;
  const done = queue.answered + queue.abandoned;
  const agents = queue.idle + queue.unready + queue.busy + queue.on_break;
  const crew = [
    `${queue.idle} free`,
    ...(queue.unready ? [`${queue.unready} without calls`] : []),
    `${queue.busy} busy`,
    `${queue.on_break} on break`,
  ];
  return (
    <tr data-test={`queue-${queue.id}`}>
      <th scope="row">
        {queue.title || queue.id} {queue.paused && <Pill tone="break">Paused</Pill>}
      </th>
      <td class={`num strong ${queue.waiting ? "" : "zero"}`}>{queue.waiting}</td>
      <td class={`num ${mood(longest, queue.service_level_s)}`}>{queue.oldest_enqueued_at ? clock(longest) : "–"}</td>
      <td>
        <span class="crew" aria-label={crew.join(", ")}>
          <span class="bar" aria-hidden="true">
            {queue.idle > 0 && <i class="idle" style={{ flexGrow: queue.idle }} />}
            {queue.busy > 0 && <i class="talking" style={{ flexGrow: queue.busy }} />}
            {queue.on_break > 0 && <i class="break" style={{ flexGrow: queue.on_break }} />}
            {queue.unready > 0 && <i class="out" style={{ flexGrow: queue.unready }} />}
            {agents === 0 && <i class="out" style={{ flexGrow: 1 }} />}
          </span>
          <span class="small soft">{agents ? crew.join(" · ") : "nobody here"}</span>
        </span>
      </td>
      <td class="num">{queue.answered}</td>
      <td class="num">{queue.abandoned}</td>
      <td class={`num ${levelMood(queue.within, done)}`}>
        {percent(queue.within, done)} <span class="soft small">in {Math.round(queue.service_level_s)} s</span>
      </td>
      {may && (
        <td class="num">
          <Action
            kind="chip"
            label={`${queue.paused ? "Resume" : "Pause"} ${queue.title || queue.id}`}
            test={`pause-${queue.id}`}
            run={() => change("PATCH", `queues/${encodeURIComponent(queue.id)}`, { paused: !queue.paused })}
          >
            {queue.paused ? "Resume" : "Pause"}
          </Action>
        </td>
      )}
    </tr>
  );
}

const STAGES: Record<Contact["state"], [string, Tone]> = {
  waiting: ["Waiting", "waiting"],
  offered: ["Ringing", "ringing"],
  talking: ["Talking", "talking"],
  held: ["On hold", "held"],
  flow: ["In the menu", "out"],
  aside: ["Leaving a message", "out"],
};
function stage(contact: Contact): string {
  if (contact.state === "waiting" && contact.medium === "voicemail") return "Message";
  if (contact.state === "waiting" && contact.callback === "resting") return "Callback, tried";
  if (contact.state === "waiting" && ["waiting", "calling"].includes(contact.callback)) return "Callback";
  return STAGES[contact.state][0];
}

const ORDER = Object.keys(STAGES);
const KINDS: [string, string, (contact: Contact) => boolean][] = [
  ["all", "All", () => true],
  ["callbacks", "Callbacks", isOwed],
  ["messages", "Messages", (contact) => contact.medium === "voicemail"],
];

function Contacts({ board, may }: { board: Board; may: boolean }): JSX.Element {
  const names = useMemo(() => new Map(board.agents.map((agent) => [agent.id, agent.name || agent.id])), [board.agents]);
  const contacts = useMemo(
    () =>
      [...board.contacts].sort(
        (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || stageSince(a) - stageSince(b),
      ),
    [board.contacts],
  );
  const [kind, setKind] = useState("all");
  const fits = KINDS.find(([id]) => id === kind)?.[2] ?? (() => true);
  const counts = KINDS.map(([, , is]) => contacts.filter(is).length);
  const shown = contacts.filter(fits);
  return (
    <section class="panel" aria-labelledby="contacts">
      <h2 id="contacts">
        Calls now <span class="count">{contacts.length}</span>
      </h2>
      {(kind !== "all" || counts.slice(1).some((count) => count > 0)) && (
        <div class="filters" role="group" aria-label="Show">
          {KINDS.map(([id, title], n) => (
            <button key={id} type="button" class="button chip" aria-pressed={kind === id} data-test={`kind-${id}`} onClick={() => setKind(id)}>
              {title} <span class="count">{counts[n]}</span>
            </button>
          ))}
        </div>
      )}
      {contacts.length > 0 && shown.length === 0 && <p class="soft pad">None of these now.</p>}
      {contacts.length === 0 && <p class="soft pad">No call right now. New ones show up here as they come in.</p>}
      {shown.length > 0 && (
        <div class="scroll">
          <table class="contacts" data-test="contacts">
            <thead>
              <tr>
                <th scope="col">State</th>
                <th scope="col">Caller</th>
                <th scope="col">Queue</th>
                <th scope="col">Agent</th>
                <th scope="col" class="num">For</th>
              </tr>
            </thead>
            <tbody>
              {shown.slice(0, ROWS).map((contact) => (
                <ContactRow key={contact.id} contact={contact} agent={contact.agent ? (names.get(contact.agent) ?? contact.agent) : ""} may={may} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {shown.length > ROWS && <p class="soft pad">and {shown.length - ROWS} more</p>}
    </section>
  );
}

const ContactRow = still(({ contact, agent, may }: { contact: Contact; agent: string; may: boolean }) => (
                <tr>
                  <td>
                    <Pill tone={STAGES[contact.state][1]}>
                      {stage(contact)}
                      {contact.state === "waiting" && contact.position > 0 ? ` · ${contact.position}` : ""}
                    </Pill>
                  </td>
                  <td>
                    <a class="nowrap" href={`#calls/${contact.id}`} title="The story of this call">
                      {phone(contact.number)}
                    </a>{" "}
                    <span class="soft clip" dir="auto">
                      {callerName(contact)}
                    </span>
                  </td>
                  <td>
                    {contact.queue_title || contact.queue || "–"}
                    {contact.state === "waiting" && contact.why && (
                      <div class="soft small" data-test="why">
                        {contact.why}
                      </div>
                    )}
                  </td>
                  <td>
                    {agent || "–"}
                    {may && contact.state === "waiting" && <Steering contact={contact} />}
                  </td>
                  <td class="num">
                    <Since at={stageSince(contact)} />
                  </td>
                </tr>
));

// A caller who rings at an agent still waits: the time counts from the queue's beginning until somebody answers.
function stageSince(contact: Contact): number {
  if (contact.state === "talking" || contact.state === "held") return contact.answered_at;
  return contact.enqueued_at || contact.began_at;
}

const FILTERS: [string, string, (agent: Agent) => boolean][] = [
  ["here", "Here", (agent) => agent.status !== "logged_out"],
  ["free", "Free", isFree],
  ["busy", "Busy", (agent) => agent.state !== "idle"],
  ["break", "Break", (agent) => tone(agent) === "break"],
  ["out", "Out", (agent) => agent.status === "logged_out"],
];

// So many are found by reading.
const MANY = 20;

// Agent 2 before agent 10.
const BY_NAME = new Intl.Collator([], { numeric: true });

function Agents({ board, user }: { board: Board; user: User }): JSX.Element {
  const [filter, setFilter] = useState("here");
  const [open, setOpen] = useState("");
  const [sought, setSought] = useState("");
  const toggle = useCallback((id: string) => setOpen((before) => (before === id ? "" : id)), []);
  const test = FILTERS.find(([id]) => id === filter)?.[2] ?? (() => true);
  const fitting = board.agents.filter(test);
  const shown = fitting.filter((agent) => isSought(agent, sought)).sort((a, b) => BY_NAME.compare(a.name || a.id, b.name || b.id));
  return (
    <section class="panel agents" aria-labelledby="agents">
      <h2 id="agents">Agents</h2>
      <div class="filters" role="group" aria-label="Show">
        {FILTERS.map(([id, title, fits]) => (
          <button key={id} type="button" class="button chip" aria-pressed={filter === id} onClick={() => setFilter(id)}>
            {title} <span class="count">{board.agents.filter(fits).length}</span>
          </button>
        ))}
      </div>
      {board.agents.length > MANY && (
        <input
          type="search"
          class="find"
          aria-label="Find an agent"
          placeholder="Find by name or phone"
          value={sought}
          spellcheck={false}
          data-test="find-agent"
          onInput={(event) => setSought(event.currentTarget.value)}
        />
      )}
      {shown.length === 0 && <p class="soft pad">{sought && fitting.length ? "Nobody of that name in this group." : "Nobody in this group."}</p>}
      <ul data-test="agents" aria-labelledby="agents" {...(user.supervises ? {} : { tabIndex: 0 })}>
        {shown.slice(0, ROWS).map((agent) => (
          <AgentRow
            key={agent.id}
            agent={agent}
            doing={doingOf(agent, board, user)}
            label={toneLabel(agent, board.breaks)}
            board={open === agent.id ? board : null}
            user={user}
            toggle={toggle}
          />
        ))}
      </ul>
      {shown.length > ROWS && <p class="soft pad">and {shown.length - ROWS} more</p>}
    </section>
  );
}

function doingOf(agent: Agent, board: Board, user: User): string {
  const asked = agent.asked ? " · asked for a change" : "";
  const doing = agent.contact
    ? `${callerName(agent.contact) || phone(agent.contact.number)} · ${agent.contact.queue_title || agent.contact.queue}`
    : isElsewhere(agent, user)
      ? "with somebody of another queue"
      : agent.queues.map((id) => queueTitle(board, id)).join(", ");
  return doing + asked;
}

// `board`: only where the row is open.
interface RowProps {
  agent: Agent;
  doing: string;
  label: string;
  board: Board | null;
  user: User;
  toggle: (id: string) => void;
}

const AgentRow = still((props: RowProps): JSX.Element => {
  const { agent, board, user } = props;
  const row = (
    <>
      <span class={`avatar small ${tone(agent)}`} aria-hidden="true" />
      <span class="name">
        <bdi>{agent.name || agent.id}</bdi>
        <span class="soft small clip">{props.doing}</span>
        {agent.status === "available" && agent.unready && (
          <span class="small unready" data-test="unready">
            No calls: {agent.unready}
          </span>
        )}
        {agent.rule && (
          <span class="small unready" data-test="by-rule">
            By rule: {agent.rule}
          </span>
        )}
      </span>
      <span class="agent-state">
        <span class={`tone-word ${tone(agent)}`}>
          {props.label} {tone(agent) === "break" && agent.break_weight && <WeightWord weight={agent.break_weight} />}
        </span>
        <Since at={toneSince(agent)} />
      </span>
    </>
  );
  return (
    <li class={board ? "open" : ""} data-test={`agent-${agent.id}`}>
      {user.supervises ? (
        <button type="button" class="agent-row" aria-expanded={board !== null} onClick={() => props.toggle(agent.id)}>
          {row}
        </button>
      ) : (
        <div class="agent-row">{row}</div>
      )}
      {board && (
        <dl class="break-times">
          <BreakTimes agent={agent} />
        </dl>
      )}
      {board && <AgentActs agent={agent} board={board} user={user} />}
    </li>
  );
});

// A call of a queue that is not theirs is not shown to who has queues of their own, and not theirs to act on.
function isElsewhere(agent: Agent, user: User): boolean {
  return user.bounded && !agent.contact && ["reserved", "ringing", "talking"].includes(agent.state);
}

function AgentActs({ agent, board, user }: { agent: Agent; board: Board; user: User }): JSX.Element {
  const [working, setWorking] = useState(false);
  if (working) return <WorkOf agent={agent.id} board={board} user={user} close={() => setWorking(false)} />;
  const theirs = !isElsewhere(agent, user);
  const id = { agent: agent.id };
  const reasons = breaksOf(board.breaks, agent);
  if (agent.status === "logged_out")
    return (
      <div class="acts">
        <Action kind="chip" run={() => ask("login", id)}>
          Log in
        </Action>
        <Change user={user} open={() => setWorking(true)} />
      </div>
    );
  return (
    <div class="acts">
      {agent.status !== "available" && (
        <Action kind="chip" run={() => ask("status", { ...id, status: "available", reason: "" })}>
          Available
        </Action>
      )}
      {agent.status === "available" &&
        reasons.map(({ id: reason, title, weight }) => (
          <Action key={reason} kind="chip" run={() => ask("status", { ...id, status: "break", reason })}>
            {title || reason} <WeightWord weight={weight} />
          </Action>
        ))}
      {agent.state === "wrap_up" && (
        <Action kind="chip" run={() => ask("wrapup-end", id)}>
          End wrap-up
        </Action>
      )}
      {theirs && agent.state === "talking" && <Joining agent={agent.id} />}
      {theirs && (agent.state === "ringing" || agent.state === "talking") && (
        <Action kind="chip" run={() => ask("hangup", id)}>
          {agent.state === "talking" ? "Hang up the call" : "Withdraw the call"}
        </Action>
      )}
      <Change user={user} open={() => setWorking(true)} />
      <Action kind="chip" test="log-agent-out" run={() => ask("logout", id)}>
        Log out
      </Action>
    </div>
  );
}

function Change({ user, open }: { user: User; open: () => void }): JSX.Element {
  return (
    <button type="button" class="button chip" data-test="work-open" onClick={open}>
      {user.bounded ? "Queues…" : "Queues and skills…"}
    </button>
  );
}

function percent(part: number, whole: number): string {
  return whole ? `${Math.round((100 * part) / whole)} %` : "–";
}

function mood(wait: number, patience: number): string {
  return wait > 2 * patience ? "bad" : wait > patience ? "warn" : "";
}

function levelMood(within: number, done: number): string {
  if (!done) return "";
  const level = within / done;
  return level < 0.6 ? "bad" : level < 0.8 ? "warn" : "";
}
