// What an agent works on, changed while they work: their queues and skills.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { change, fetchJson } from "./api";
import { Action } from "./parts";
import type { Board, Membership, Skill, User } from "./types";

interface Work {
  queues: Membership[];
  skills: Record<string, number>;
}

const LEVELS = [0, 1, 2, 3, 4, 5];

export function WorkOf(props: { agent: string; board: Board; user: User; close: () => void }): JSX.Element {
  const { agent, board, user, close } = props;
  const path = `agents/${encodeURIComponent(agent)}`;
  const [work, setWork] = useState<Work | null>(null);
  const [known, setKnown] = useState<string[]>([]);
  useEffect(() => {
    const look = async () => {
      // Skills belong to no queue: who has queues of their own neither sees nor sets them.
      const all = user.bounded ? [] : fetchJson<Skill[]>("skills");
      const [held, skills] = await Promise.all([fetchJson<Partial<Work>>(path), all]);
      if (!held || !skills) return close();
      setKnown(skills.map((skill) => skill.id));
      setWork({ queues: held.queues ?? [], skills: held.skills ?? {} });
    };
    void look();
  }, [agent]);
  if (!work) return <p class="soft pad">One moment…</p>;
  const serves = (queue: string) => work.queues.some((place) => place.queue === queue);
  const toggle = (queue: string) =>
    setWork({
      ...work,
      queues: serves(queue) ? work.queues.filter((place) => place.queue !== queue) : [...work.queues, { queue }],
    });
  const setLevel = (skill: string, level: number) => {
    const { [skill]: _, ...rest } = work.skills;
    setWork({ ...work, skills: level ? { ...rest, [skill]: level } : rest });
  };
  const save = async () => {
    if (await change("PATCH", path, user.bounded ? { queues: work.queues } : work)) close();
  };
  return (
    <form
      class="work"
      data-test="work"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <fieldset>
        <legend>Queues</legend>
        {board.queues.map((queue) => (
          <label key={queue.id} class="tick">
            <input type="checkbox" checked={serves(queue.id)} data-test={`serves-${queue.id}`} onChange={() => toggle(queue.id)} />
            {queue.title || queue.id}
          </label>
        ))}
      </fieldset>
      {known.length > 0 && (
        <fieldset>
          <legend>Skills</legend>
          {known.map((skill) => (
            <label key={skill} class="tick">
              <select value={String(work.skills[skill] ?? 0)} onChange={(event) => setLevel(skill, Number(event.currentTarget.value))}>
                {LEVELS.map((level) => (
                  <option key={level} value={String(level)}>
                    {level || "–"}
                  </option>
                ))}
              </select>
              {skill}
            </label>
          ))}
        </fieldset>
      )}
      <div class="acts flat">
        <Action kind="primary" test="work-save" run={save}>
          Save
        </Action>
        <Action kind="quiet" run={async () => close()}>
          Cancel
        </Action>
      </div>
    </form>
  );
}
