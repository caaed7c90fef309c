// A real browser for tests: headless Chromium, with authenticators that are plugged in and out over the DevTools protocol.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const FLAGS = [
  "--no-sandbox", // root has none
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
];

/** Where it is; undefined on a machine without it, where its tests skip. */
export const CHROMIUM: string | undefined = NAMES.flatMap((name) =>
  (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name))
).find(isProgram);

/** What a test's name ends with, where it skips. */
export const skipped: string = CHROMIUM === undefined ? " (there is no Chromium here: skipped)" : "";

/** What an authenticator can do. */
export interface Traits {
  /** How it is reached. */
  readonly transport: "internal" | "usb";
  /** Whether it holds discoverable credentials. */
  readonly resident: boolean;
  /** Whether it can tell its owner from others. */
  readonly verifies: boolean;
  /** Whether its passkeys are on other devices too. */
  readonly synced: boolean;
}

/** A phone, whose passkeys are on other devices too. */
export const PHONE: Traits = { transport: "internal", resident: true, verifies: true, synced: true };

/** A security key. */
export const KEY: Traits = { transport: "usb", resident: true, verifies: true, synced: false };

/** A credential that an authenticator holds. Bytes are base64. */
export interface Held {
  readonly credentialId: string;
  readonly signCount: number;
  readonly isResidentCredential: boolean;
}

/** An authenticator that is plugged in. */
export interface Plugged {
  /** What it holds. */
  readonly held: () => Promise<readonly Held[]>;
  /** Sets the counter of everything that it holds; -1 makes it zero for ever. */
  readonly count: (signCount: number) => Promise<void>;
  /** Whether what it holds may be on other devices, and is. */
  readonly backup: (is: { readonly eligible: boolean; readonly done: boolean }) => Promise<void>;
  /** Whether its owner proves to be that, and whether anybody touches it. */
  readonly person: (is: { readonly verified?: boolean; readonly present?: boolean }) => Promise<void>;
  /** Lets it lie: sign wrongly, or leave out that somebody was there or was verified. Without an argument it tells the truth. */
  readonly lie: (about?: "signature" | "presence" | "verification") => Promise<void>;
  /** Takes it out, with all that it holds. */
  readonly unplug: () => Promise<void>;
}

/** A tab, with cookies of its own. */
export interface Tab {
  /** Goes to another page. */
  readonly go: (url: string) => Promise<void>;
  /** Opens another tab of the same person: with the same cookies. */
  readonly beside: (url: string) => Promise<Tab>;
  /** Writes into the page's field. */
  readonly type: (text: string) => Promise<void>;
  /** Presses its button. */
  readonly press: () => Promise<void>;
  /** Resolves when a text is to be read. */
  readonly shows: (text: string) => Promise<void>;
  /** Resolves when it has gone to another page by itself. */
  readonly reaches: (url: string) => Promise<void>;
  /** Calls a function of the page: what it resolves to, or the code or the name of what it rejects with. */
  readonly call: (name: string, ...args: readonly unknown[]) => Promise<unknown>;
  /** Plugs an authenticator in. */
  readonly plug: (traits: Traits) => Promise<Plugged>;
  readonly close: () => Promise<void>;
}

/** A browser that runs. */
export interface Chromium {
  /** Opens a page. */
  readonly open: (url: string) => Promise<Tab>;
  readonly close: () => Promise<void>;
}

/** Starts one. `flags`: of its own. */
export async function chromium(flags: readonly string[] = []): Promise<Chromium> {
  const { chromium } = await import("playwright-core");
  const browser: Browser = await chromium.launch({
    executablePath: CHROMIUM ?? "",
    headless: true,
    args: [...FLAGS, ...flags],
  });
  return {
    open: async (url) => await opened(await browser.newContext(), url),
    close: () => browser.close(),
  };
}

async function opened(context: BrowserContext, url: string): Promise<Tab> {
  const page: Page = await context.newPage();
  await page.goto(url);
  const { send } = await devTools(context, page);
  await send("WebAuthn.enable", { enableUI: false });
  return {
    go: async (url) => void await page.goto(url),
    beside: (url) => opened(context, url),
    type: (text) => page.fill("input", text),
    press: () => page.click("button"),
    shows: (text) => page.getByText(text).waitFor(),
    reaches: (url) => page.waitForURL(url),
    call: (name, ...args) => page.evaluate(called, { name, args }),
    plug: async ({ transport, resident, verifies, synced }) => {
      const options = {
        protocol: "ctap2",
        ctap2Version: "ctap2_1",
        transport,
        hasResidentKey: resident,
        hasUserVerification: verifies,
        isUserVerified: verifies,
        defaultBackupEligibility: synced,
        defaultBackupState: synced,
        automaticPresenceSimulation: true,
      } as const;
      const { authenticatorId } = await send("WebAuthn.addVirtualAuthenticator", { options });
      return plugged(send, authenticatorId);
    },
    close: () => context.close(),
  };
}

/** In the page. */
async function called({ name, args }: { readonly name: string; readonly args: readonly unknown[] }) {
  try {
    return await Reflect.get(globalThis, name)(...args);
  } catch (error) {
    const { code, name } = Object(error);
    return typeof code === "string" ? code : name; // the code of a DOMException is a number of old
  }
}

type Send = Awaited<ReturnType<BrowserContext["newCDPSession"]>>["send"];

async function devTools(context: BrowserContext, page: Page): Promise<{ readonly send: Send }> {
  const session = await context.newCDPSession(page);
  return { send: session.send.bind(session) };
}

function plugged(send: Send, authenticatorId: string): Plugged {
  const held = async () => (await send("WebAuthn.getCredentials", { authenticatorId })).credentials;
  const change = async (properties: object) => {
    for (const { credentialId } of await held()) {
      await send("WebAuthn.setCredentialProperties", { authenticatorId, credentialId, ...properties });
    }
  };
  return {
    held,
    count: (signCount) => change({ signCount }),
    backup: ({ eligible, done }) => change({ backupEligibility: eligible, backupState: done }),
    async person({ verified = true, present = true }) {
      await send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: verified });
      await send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: present });
    },
    async lie(about) {
      await send("WebAuthn.setResponseOverrideBits", {
        authenticatorId,
        isBogusSignature: about === "signature",
        isBadUP: about === "presence",
        isBadUV: about === "verification",
      });
    },
    unplug: async () => void await send("WebAuthn.removeVirtualAuthenticator", { authenticatorId }),
  };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // it is not there, or not for us
  }
}
