// The board's campaigns: how they dial, and how many drops there may still be.

import type { JSX } from "preact";
import { Pill } from "./parts";
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

export function Campaigns({ campaigns }: { campaigns: Campaign[] }): JSX.Element | null {
  const shown = campaigns.filter((one) => one.state !== "draft" || one.launched > 0);
  if (!shown.length) return null;
  return (
    <section class="panel" aria-labelledby="campaigns">
      <h2 id="campaigns">Campaigns</h2>
      <div class="scroll">
        <table data-test="campaigns">
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
              <Row key={one.id} campaign={one} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ campaign: one }: { campaign: Campaign }): JSX.Element {
  const [name, tone] = STATES[one.state];
  const held = one.state === "running" && one.held !== "";
  return (
    <tr data-test={`campaign-${one.id}`}>
      <th scope="row">
        {one.title} <Pill tone={held ? "waiting" : tone}>{held ? "Held" : name}</Pill>
        {one.held && <p class="soft small">{one.held}</p>}
      </th>
      <td class="num">
        {one.free}
        <small class="soft"> of {one.agents}</small>
      </td>
      <td class="num">{one.ringing}</td>
      <td class={`num ${one.waiting ? "warn" : "zero"}`}>{one.waiting}</td>
      <td class="num strong">{one.talking}</td>
      <td class="num">{one.launched}</td>
      <td class="num">{one.live}</td>
      <td class="num">{one.machines}</td>
      <td>
        <Drops campaign={one} />
      </td>
    </tr>
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
