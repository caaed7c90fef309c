import { coversHost, isAddress, isPublicSuffix } from "../../base/domain.ts";
import { isLoopback, webOrigin } from "../../base/origin.ts";
import type { Report } from "../../base/report.ts";
import type { PasskeyOptions } from "./contract.ts";

/** The options of `passkey` after all checks. Times are in seconds. */
export interface PasskeySettings {
  readonly rpId: string;
  readonly rpName: string;
  /** Where passkeys may be used: origins, and native apps. */
  readonly origins: readonly string[];
  /** The same without apps, where there is more than one; else nobody asks for them. */
  readonly related: readonly string[] | null;
  readonly ttl: number;
  readonly userVerification: "required" | "preferred";
  readonly requireDiscoverable: boolean;
}

const TTL = { min: 60, max: 600, fallback: 300 };
const MEMBERS = [
  "rpId",
  "rpName",
  "origins",
  "ttl",
  "userVerification",
  "requireDiscoverable",
] as const;
const APP = /^android:apk-key-hash:[A-Za-z0-9_-]{43}$/; // base64url of a SHA-256
const MOST_LABELS = 5; // so many of them browsers promise to look at (WebAuthn Level 3 section 5.11)

/** Checks them, and fills in what was not said. What browsers would refuse is refused here. */
export function settings(
  given: true | PasskeyOptions,
  report: Report,
  origin: string,
): PasskeySettings {
  const options = report.object("passkey", given === true ? undefined : given, MEMBERS);
  const { hostname, protocol } = new URL(origin);
  const rpId = rpIdOf(options.rpId, hostname, report);
  // On plain HTTP that leaves this machine browsers have no passkeys at all, which `allowInsecureOrigin` warns of.
  if (isAddress(hostname) && (protocol === "https:" || isLoopback(hostname))) {
    report.add(
      "passkey",
      "needs a baseUrl with a name (http://localhost on this machine): browsers have no passkeys at an IP address",
    );
  }
  const origins = originsOf(options.origins, origin, report);
  const web = origins.filter((one) => !APP.test(one));
  if (new Set(web.map(labelOf)).size > MOST_LABELS) {
    report.add("passkey.origins", `must not name more than ${MOST_LABELS} domains: browsers look at no more`);
  }
  return {
    rpId,
    rpName: rpNameOf(options.rpName, rpId, report),
    origins,
    related: web.length > 1 ? web : null,
    ttl: report.duration("passkey.ttl", options.ttl, TTL),
    userVerification: report.word(
      "passkey.userVerification",
      options.userVerification,
      ["required", "preferred"],
      "required",
    ),
    requireDiscoverable: report.flag("passkey.requireDiscoverable", options.requireDiscoverable, true),
  };
}

function rpIdOf(given: unknown, host: string, report: Report): string {
  if (given === undefined) return host;
  if (typeof given === "string" && coversHost(given, host)) return given;
  report.add(
    "passkey.rpId",
    `must be "${host}" or a parent of it with at least two labels: browsers make passkeys for no other`,
  );
  return host;
}

function rpNameOf(given: unknown, rpId: string, report: Report): string {
  if (given === undefined) return rpId;
  if (typeof given === "string" && given.trim() !== "" && given.length <= 64 && !/\p{Cc}/u.test(given)) {
    return given;
  }
  report.add("passkey.rpName", "must be 1 to 64 characters on one line");
  return rpId;
}

function originsOf(given: unknown, own: string, report: Report): readonly string[] {
  if (given === undefined) return [own];
  if (!Array.isArray(given)) {
    report.add("passkey.origins", "must be a list of origins");
    return [own];
  }
  const sound = Array.from<unknown>(given).filter((one, i): one is string => {
    if (typeof one === "string" && (APP.test(one) || isWeb(one, own))) return true;
    report.add(
      `passkey.origins[${i}]`,
      'must be an exact origin like "https://app.example.com", or an app: "android:apk-key-hash:" with the base64url of its SHA-256',
    );
    return false;
  });
  return [...new Set([own, ...sound])];
}

/** Passkeys are for pages that nobody on the way can change, and belong to names. */
function isWeb(origin: string, own: string): boolean {
  const isExact = webOrigin(origin) === origin && !origin.includes("*"); // which is a letter like any other in a URL
  if (!isExact || isAddress(new URL(origin).hostname)) return false;
  return origin.startsWith("https:") || (own.startsWith("http:") && /^http:\/\/localhost(:|$)/.test(origin));
}

/** What browsers count: the label before the suffix that anybody registers below, as far as we know those. */
function labelOf(origin: string): string {
  const labels = new URL(origin).hostname.split(".");
  const suffix = isPublicSuffix(labels.slice(-2).join(".")) ? 2 : 1;
  return labels.slice(-suffix - 1)[0] ?? "";
}
