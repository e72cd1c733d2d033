// What callers hear before a queue: the picture of each flow, its versions, and what callers did in it.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { fetchJson } from "./api";
import { Pill } from "./parts";
import type { Tone } from "./names";
import type { Flow, FlowFigures, FlowNode, FlowVersion } from "./types";

export function FlowsView({ id }: { id: string }): JSX.Element {
  const [flows, setFlows] = useState<Flow[] | null>(null);
  useEffect(() => {
    void fetchJson<Flow[]>("flows").then((found) => setFlows(found ?? []));
  }, []);
  const open = id || flows?.[0]?.id || "";
  return (
    <main class="history" data-test="flows">
      <h1 class="unseen">Flows</h1>
      <section class="panel" aria-labelledby="flows">
        <h2 id="flows">Flows</h2>
        {flows?.length === 0 && <p class="soft pad">This centre has no flow: callers go straight to a queue.</p>}
        <ul class="calls">
          {(flows ?? []).map((flow) => (
            <li key={flow.id}>
              <a class="call-row" href={`#flows/${encodeURIComponent(flow.id)}`} aria-current={flow.id === open ? "true" : undefined}>
                <span class="grow">
                  <span dir="auto">{flow.title || flow.id}</span>
                  <span class="soft small block">
                    {flow.id} · {(flow.languages ?? ["en"]).join(", ")}
                  </span>
                </span>
              </a>
            </li>
          ))}
        </ul>
      </section>
      {open && <Shown key={open} id={open} />}
    </main>
  );
}

function Shown({ id }: { id: string }): JSX.Element {
  const [figures, setFigures] = useState<FlowFigures | null>(null);
  const [versions, setVersions] = useState<FlowVersion[]>([]);
  const path = `flows/${encodeURIComponent(id)}`;
  useEffect(() => {
    void fetchJson<FlowFigures>(`${path}/stats`).then(setFigures);
    void fetchJson<FlowVersion[]>(`${path}/versions`).then((found) => setVersions(found ?? []));
  }, []);
  return (
    <div class="flow">
      <section class="panel" aria-labelledby="picture">
        <h2 id="picture">{id}</h2>
        <a class="picture scroll" href={`/api/${path}/picture`} target="_blank" rel="noreferrer">
          <img src={`/api/${path}/picture`} alt={`The nodes of the flow ${id}, and where each answer leads`} data-test="picture" />
        </a>
      </section>
      {figures && <Figures figures={figures} />}
      {versions.length > 0 && <Versions versions={versions} />}
    </div>
  );
}

function Figures({ figures }: { figures: FlowFigures }): JSX.Element {
  const told: [string, number][] = [
    ["entered", figures.entered],
    ["served by the flow", figures.served],
    ["asked for a person", figures.asked_person],
    ["to the person", figures.person],
    ["to a queue", figures.queue],
    ["call back", figures.callback],
    ["message", figures.voicemail],
    ["put through", figures.number],
    ["rang off", figures.rang_off],
    ["in trouble", figures.trouble],
    ["inside", figures.inside],
  ];
  return (
    <section class="panel" aria-labelledby="figures" data-test="figures">
      <h2 id="figures">
        The last 24 hours{" "}
        {figures.containment !== null && <span class="count">contained {Math.round(figures.containment * 100)} %</span>}
      </h2>
      <dl class="facts pad">
        {told
          .filter(([name, count]) => count > 0 || name === "entered")
          .map(([name, count]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{count}</dd>
            </div>
          ))}
      </dl>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Node</th>
              {["Entered", "Keyed", "Silent", "Wrong", "Trouble", "Rang off"].map((name) => (
                <th key={name} class="num">
                  {name}
                </th>
              ))}
              <th>Left by</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(figures.nodes).map(([name, node]) => (
              <NodeRow key={name} name={name} node={node} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function NodeRow({ name, node }: { name: string; node: FlowNode }): JSX.Element {
  const exits = Object.entries(node.exits).sort((a, b) => b[1] - a[1]);
  return (
    <tr>
      <th>{name}</th>
      {[node.entered, node.keyed, node.silent, node.wrong, node.trouble, node.rang_off].map((count, n) => (
        <td key={n} class={count ? "num" : "num zero"}>
          {count}
        </td>
      ))}
      <td class="soft">{exits.map(([way, count]) => `${way} ${count}`).join(", ")}</td>
    </tr>
  );
}

function Versions({ versions }: { versions: FlowVersion[] }): JSX.Element {
  return (
    <section class="panel" aria-labelledby="versions" data-test="versions">
      <h2 id="versions">Versions</h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Version</th>
              <th>State</th>
              <th class="num">Calls</th>
              <th>Published</th>
              <th>By</th>
              <th>Against the linter</th>
            </tr>
          </thead>
          <tbody>
            {versions.map((one) => (
              <tr key={one.version}>
                <th>{one.version}</th>
                <td>
                  <State version={one} />
                </td>
                <td class="num">{one.share > 0 ? `${Math.round(one.share * 100)} %` : ""}</td>
                <td class="nowrap">{one.published_at ? new Date(one.published_at / 1000).toLocaleString() : ""}</td>
                <td>{one.published_by || one.made_by}</td>
                <td dir="auto">{one.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function State({ version }: { version: FlowVersion }): JSX.Element {
  if (version.in_force) return <Pill tone="idle">In force</Pill>;
  const [title, tone] = ({ draft: ["Draft", "wrap"], rolled_back: ["Rolled back", "break"] } as Record<string, [string, Tone]>)[version.state] ?? [
    "Before",
    "out",
  ];
  return <Pill tone={tone}>{title}</Pill>;
}
