import type { Page } from "../../model.ts";

interface Words {
  readonly title: string;
  readonly button: string;
  readonly done: string;
  readonly elsewhere: string;
  readonly dead: string;
  readonly failed: string;
}

const WORDS: Readonly<Record<string, Words>> = {
  en: {
    title: "Sign in",
    button: "Sign in",
    done: "You are signed in.",
    elsewhere: "Open this link in the browser in which you asked for it. It is still good there.",
    dead: "This link has been used, or it has expired. Ask for a new one.",
    failed: "That did not work. Try again in a moment.",
  },
  de: {
    title: "Anmelden",
    button: "Anmelden",
    done: "Sie sind angemeldet.",
    elsewhere: "Öffnen Sie diesen Link in dem Browser, in dem Sie ihn angefordert haben. Dort gilt er noch.",
    dead: "Dieser Link wurde schon benutzt oder ist abgelaufen. Fordern Sie einen neuen an.",
    failed: "Das hat nicht geklappt. Versuchen Sie es gleich noch einmal.",
  },
};

const STYLE =
  `body{font:16px/1.5 system-ui,sans-serif;margin:20vh auto;max-width:22rem;padding:0 1rem;text-align:center}
button{font:inherit;padding:.6rem 2rem;cursor:pointer}`;

// The token stays in the address: nothing of it is written into the page.
const SCRIPT = `const button = document.querySelector("button"), said = document.querySelector("p");
const words = JSON.parse(button.dataset.words);
button.addEventListener("click", async () => {
  button.disabled = true;
  let answer = {}, ok = false;
  try {
    const token = new URLSearchParams(location.search).get("token");
    const headers = { "Content-Type": "application/json" };
    const reply = await fetch(location.pathname + "/verify", { method: "POST", headers, body: JSON.stringify({ token }) });
    ok = reply.ok;
    answer = await reply.json();
  } catch {}
  said.textContent = ok ? words.done : words[answer.code] ?? words.failed;
  if (ok) location.replace(answer.redirect ?? location.origin);
  else button.disabled = answer.code in words;
});`;

/** The page to which links lead, in a language that there are words in. */
export function linkPage(locale: string | null): Page {
  const [language = ""] = locale?.split("-") ?? [];
  const { title, button, done, elsewhere, dead, failed } = WORDS[language] ?? WORDS["en"]!;
  const words = { done, failed, browser_mismatch: elsewhere, challenge_invalid: dead };
  const data = JSON.stringify(words).replaceAll('"', "&quot;");
  return {
    title,
    style: STYLE,
    script: SCRIPT,
    body:
      `<h1>${title}</h1><p role="status"></p><button type="button" data-words="${data}">${button}</button>`,
  };
}
