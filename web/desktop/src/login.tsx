import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { logIn, Refused, sentence } from "./api";
import { Mark, useFocus } from "./parts";

export function Login(): JSX.Element {
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  // The server asks for a code only when the password was right.
  const [coded, setCoded] = useState(false);
  const first = useFocus();

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const fields = new FormData(form);
    setBusy(true);
    setFault("");
    logIn(String(fields.get("login")), String(fields.get("password")), String(fields.get("code") ?? ""))
      .catch((error: unknown) => {
        if (!(error instanceof Refused)) throw error;
        if (error.code === "code_needed") return setCoded(true);
        setFault(sentence(error.message));
        if (error.code === "wrong_code") return form.querySelector<HTMLInputElement>("[name=code]")?.select();
        form.querySelector<HTMLInputElement>("[name=password]")?.select();
      })
      .finally(() => setBusy(false));
  };

  return (
    <main class="login">
      <form class="card" onSubmit={submit} aria-label="Log in">
        <div class="brand">
          <Mark />
          <span>fsorch</span>
        </div>
        <h1>Welcome</h1>
        <p class="soft">Log in to your desk or your board.</p>
        <label>
          Login
          <input ref={first} name="login" autocomplete="username" autocapitalize="none" spellcheck={false} required />
        </label>
        <label>
          Password
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        {coded && <Code />}
        <p class="fault" role="alert">
          {fault}
        </p>
        <button class="button primary wide" type="submit" aria-busy={busy} disabled={busy}>
          {busy ? "Checking…" : "Log in"}
        </button>
      </form>
    </main>
  );
}

function Code(): JSX.Element {
  const field = useFocus();
  return (
    <label>
      Code of your app
      <input ref={field} name="code" inputMode="numeric" autocomplete="one-time-code" maxLength={9} required />
    </label>
  );
}
