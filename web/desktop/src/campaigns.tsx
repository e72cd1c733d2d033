// The board's campaigns: how they dial, and how many drops there may still be.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { change, fetchJson } from "./api";
import { Action, Pill, useFocus } from "./parts";
import type { Tone } from "./names";
import type { Campaign } from "./types";

const STATES: Record<Campaign["state"], [string, Tone]> = {
  draft: ["Draft", "out"],
  scheduled: ["Waits for its hours", "waiting"],
  running: ["Dials", "idle"],
  paused: ["Paused", "break"],
  draining: ["Ends", "wrap"],
  finished: ["Finished", "out"],
};

type Verb = "start" | "pause" | "resume" | "stop";

// What may be asked for in each state; see fsorch/campaign/campaign.py.
const VERBS: Record<Campaign["state"], Verb[]> = {
  draft: ["start"],
  scheduled: ["pause", "stop"],
  running: ["pause", "stop"],
  paused: ["resume", "stop"],
  draining: ["start"],
  finished: ["start"],
};
const NAMES: Record<Verb, string> = { start: "Start", pause: "Pause…", resume: "Resume", stop: "Stop…" };

// How it dials, as the board says it.
const MODES: Record<string, string> = {
  preview: "preview",
  manual: "by hand",
  progressive: "progressive",
  power: "power",
  predictive: "predictive",
  agentless: "without agents",
};

// With more of them, those that rest would push everything else out of sight.
const MANY = 10;
const rests = (one: Campaign) => one.state === "draft" || one.state === "finished";

export function Campaigns({ campaigns, may }: { campaigns: Campaign[]; may: boolean }): JSX.Element | null {
  const [kind, setKind] = useState<"" | "work" | "all">("");
  const known = campaigns.filter((one) => may || one.state !== "draft" || one.launched > 0);
  if (!known.length) return null;
  const working = known.filter((one) => !rests(one));
  const chosen = kind || (known.length > MANY ? "work" : "all");
  const shown = chosen === "work" ? working : known;
  return (
    <section class="panel" aria-labelledby="campaigns">
      <h2 id="campaigns">Campaigns</h2>
      {(known.length > MANY || kind !== "") && (
        <div class="filters" role="group" aria-label="Show">
          {([["work", "At work", working], ["all", "All", known]] as const).map(([id, title, those]) => (
            <button key={id} type="button" class="button chip" aria-pressed={chosen === id} data-test={`campaigns-${id}`} onClick={() => setKind(id)}>
              {title} <span class="count">{those.length}</span>
            </button>
          ))}
        </div>
      )}
      {shown.length === 0 && <p class="soft pad">None is at work.</p>}
      <div class="scroll">
        <table class="dense" data-test="campaigns">
          <thead>
            <tr>
              <th scope="col">Campaign</th>
              <th scope="col" class="num">Agents</th>
              <th scope="col" class="num">Rings</th>
              <th scope="col" class="num">Waits</th>
              <th scope="col" class="num">Talks</th>
              <th scope="col" class="num">Dialled</th>
              <th scope="col" class="num">People</th>
              <th scope="col" class="num">Machines</th>
              <th scope="col">Drops</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((one) => (
              <Row key={one.id} campaign={one} may={may} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

// In these modes an agent is there before anybody is called: nobody can be dropped.
const PEOPLE_DIAL = new Set(["preview", "manual"]);

interface Asking {
  verb: Verb;
  missing: string[];
}

function Row({ campaign: one, may }: { campaign: Campaign; may: boolean }): JSX.Element {
  const [name, tone] = STATES[one.state];
  const held = one.state === "running" && one.held !== "";
  const [asking, setAsking] = useState<Asking | null>(null);
  const path = `campaigns/${encodeURIComponent(one.id)}`;
  const act = async (verb: Verb): Promise<unknown> => {
    if (asking?.verb === verb) return setAsking(null);
    if (verb === "pause" || verb === "stop") return setAsking({ verb, missing: [] });
    const found = verb === "start" ? await fetchJson<{ missing: string[] }>(`${path}/state`) : { missing: [] };
    if (found === null) return null;
    return found.missing.length ? setAsking({ verb, missing: found.missing }) : change("POST", `${path}/${verb}`, {});
  };
  return (
    <>
      <tr data-test={`campaign-${one.id}`} data-state={one.state}>
      <th scope="row">
        <bdi>{one.title}</bdi> <Pill tone={held ? "waiting" : tone}>{held ? "Held" : name}</Pill>{" "}
        <span class="soft small nowrap" data-test="mode">
          {MODES[one.mode] ?? one.mode}
        </span>
        {one.held && <p class="soft small">{one.held}</p>}
        {one.stopped && (
          <p class="soft small" data-test="stopped">
            <bdi>{one.stopped}</bdi>
          </p>
        )}
        {one.pacing && <p class="soft small">{one.pacing}</p>}
        {may && (
          <span class="steering">
            {VERBS[one.state].map((verb) => (
              <Action
                key={verb}
                kind="chip"
                label={`${NAMES[verb].replace("…", "")} ${one.title}`}
                test={`${verb}-campaign-${one.id}`}
                {...(verb === "pause" || verb === "stop" ? { expanded: asking?.verb === verb } : {})}
                run={() => act(verb)}
              >
                {NAMES[verb]}
              </Action>
            ))}
          </span>
        )}
      </th>
      <td class="num">
        {one.free}
        <small class="soft"> of {one.agents}</small>
      </td>
      <td class="num">{one.ringing}</td>
      <td class={`num ${one.waiting ? "warn" : "zero"}`}>{one.waiting}</td>
      <td class="num strong">{one.talking}</td>
      <td class="num">{one.launched}</td>
      <td class="num">
        {one.live}
        {one.drops > 0 && (
          <small class="block warn" title="People whom nobody was free for">
            {one.drops} dropped
          </small>
        )}
      </td>
      <td class="num">
        {one.machines}
        {one.wronged > 0 && <small class="block warn" title="People taken for machines, as found out">{one.wronged} were people</small>}
        {one.missed > 0 && <small class="block soft" title="Machines taken for people, as found out">{one.missed} got through</small>}
      </td>
      <td>
        {PEOPLE_DIAL.has(one.mode) ? <span class="soft">–</span> : <Drops campaign={one} />}
      </td>
      </tr>
      {may && asking && VERBS[one.state].includes(asking.verb) && (
        <tr class="asked">
          <td colSpan={9}>
            <Why key={asking.verb} path={path} asking={asking} close={() => setAsking(null)} />
          </td>
        </tr>
      )}
    </>
  );
}

const ASKS: Record<Verb, [string, string]> = {
  start: ["Why it starts all the same", "Start anyway"],
  pause: ["Why it pauses", "Pause"],
  resume: ["Why it resumes", "Resume"],
  stop: ["Why it stops", "Stop"],
};

// A reason, which is audited; a start although something is missing takes one.
function Why({ path, asking, close }: { path: string; asking: Asking; close: () => void }): JSX.Element {
  const { verb, missing } = asking;
  const [reason, setReason] = useState("");
  const [early, setEarly] = useState(false);
  const field = useFocus();
  const [question, answer] = ASKS[verb];
  const lacking = verb === "start" && !reason.trim();
  const act = async (): Promise<unknown> => {
    if (lacking) return setEarly(true);
    const body = { reason: reason.trim(), ...(verb === "start" ? { anyway: true } : {}) };
    return (await change("POST", `${path}/${verb}`, body)) && close();
  };
  return (
    <form
      class="why-form"
      data-test="campaign-why"
      onKeyDown={(event) => event.key === "Escape" && close()}
      onSubmit={(event) => {
        event.preventDefault();
        void act();
      }}
    >
      {missing.length > 0 && (
        <div data-test="campaign-missing">
          <p class="strong">Not complete:</p>
          <ul>
            {missing.map((what) => (
              <li key={what}>{what}</li>
            ))}
          </ul>
        </div>
      )}
      {verb === "stop" && <p class="soft small">Nothing more is dialled; calls under way end by themselves.</p>}
      <span class="inline">
        <label>
          {question}
          <input
            ref={field}
            maxLength={255}
            value={reason}
            aria-invalid={early && lacking}
            data-test="campaign-reason"
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class={`button ${verb === "stop" ? "danger" : "primary"}`} data-test="campaign-do">
          {answer}
        </button>
        <Action kind="quiet" run={async () => close()}>
          Cancel
        </Action>
      </span>
      {early && lacking && (
        <p class="fault" role="alert">
          A reason is needed: it is written down with who started it.
        </p>
      )}
    </form>
  );
}


// The share of people who got nobody, against what is allowed.
function Drops({ campaign: one }: { campaign: Campaign }): JSX.Element {
  const used = one.drop_target ? one.drop_share / one.drop_target : 0;
  const mood = used > 1 ? "bad" : used > 0.8 ? "warn" : "good";
  const over = one.drops_over ? "over: one line for each free agent" : "over the limit";
  const few = one.drops_left === 0 ? "none to spare yet" : `${one.drops_left} more are allowed`;
  const left = one.drops_left === 1 ? "1 more is allowed" : few;
  return (
    <span class={`drops ${mood}`} data-test={`drops-${one.id}`}>
      <span class="meter" aria-hidden="true">
        <i style={{ width: `${Math.min(100, used * 100)}%` }} />
      </span>
      <span>
        {percent(one.drop_share)} of {percent(one.drop_target)}
        <small class="soft"> {used > 1 || one.drops_over ? over : left}</small>
      </span>
    </span>
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
