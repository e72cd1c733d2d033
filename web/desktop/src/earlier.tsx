// What was said of earlier calls to the lead that is in front of the agent.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { peek } from "./api";
import { straight } from "./names";
import { when } from "./time";
import type { EarlierCall } from "./types";

// Asked for once for each lead: while it is in front of somebody nobody else calls it.
export function Earlier({ lead }: { lead: string }): JSX.Element | null {
  const [calls, setCalls] = useState<EarlierCall[]>([]);
  useEffect(() => {
    let gone = false;
    setCalls([]);
    void peek<EarlierCall[]>("my-lead/earlier").then((found) => {
      if (!gone && found) setCalls(found);
    });
    return () => {
      gone = true;
    };
  }, [lead]);
  if (calls.length === 0) return null;
  return (
    <ul class="earlier" aria-label="Earlier calls" data-test="earlier">
      {calls.map((one) => (
        <li key={one.at}>
          <span class="soft small">
            {when(one.at / 1000)}
            {one.agent && (
              <>
                , <bdi>{one.agent}</bdi>
              </>
            )}
            {one.word && (
              <>
                : <bdi>{one.word}</bdi>
              </>
            )}
          </span>
          {one.note && (
            <span class="two-lines" dir="auto" title={one.note}>
              {straight(one.note)}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
