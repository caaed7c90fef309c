import { utf8 } from "./encoding.ts";
import { builtin } from "./builtin.ts";

/** The canonical form of an e-mail address: the one that is compared, stored and mailed to. Null where the text is no address
 * that can be mailed to without guessing: one dot-atom local part (RFC 5321, RFC 6531), one domain name of two labels or more.
 * The domain becomes its A-label (UTS 46, non-transitional); ASCII letters lose their case; the local part must already equal
 * its own NFKC form, so that no two accounts look alike to a mail server that normalises. */
export function canonicalEmail(typed: string): string | null {
  const text = typed.trim();
  const at = text.lastIndexOf("@");
  if (at < 1) return null;
  const local = localPart(text.slice(0, at));
  const domain = domainName(text.slice(at + 1));
  if (local === null || domain === null) return null;
  const address = `${local}@${domain}`;
  return bytes(address) <= 254 ? address : null; // RFC 5321 section 4.5.3.1.3, less the angle brackets
}

// In here, for a cold process would wait for the tables of Unicode that they are made from.
function localPart(text: string): string | null {
  const atom = /^[\p{L}\p{M}\p{N}\p{S}\p{P}]+$/u; // no space, control, format, private or unassigned character
  const specials = /["(),:;<>@[\\\]]|\p{Default_Ignorable_Code_Point}/u; // quotes and comments (RFC 5322 section 3.2.3), invisible ones
  if (!atom.test(text) || specials.test(text)) return null;
  if (text.startsWith(".") || text.endsWith(".") || text.includes("..")) return null;
  const lower = text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  return lower === lower.normalize("NFKC") && text === text.normalize("NFKC") && bytes(lower) <= 64
    ? lower
    : null;
}

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

function domainName(text: string): string | null {
  // What a URL would decode, cut or take for something else than a name does not reach its parser.
  if (!/^[\p{L}\p{M}\p{N}.\u3002\uFF0E\uFF61-]+$/u.test(text) || text.length > 253) return null;
  const url = URL.parse(`http://${text}/`);
  if (url === null || url.hostname.length > 253) return null;
  const labels = url.hostname.split(".");
  const top = labels.at(-1);
  if (labels.length < 2 || top === undefined || /^\d+$/.test(top)) return null; // an IPv4 address is no domain name
  if (!labels.every((label) => LABEL.test(label))) return null;
  // Not every parser looks into an A-label. One that stands for nothing stays what it is when it is decoded (UTS 46 section 4).
  const empty = unicodeOf(url.hostname).split(".").some((label) => label.startsWith("xn--"));
  return empty ? null : url.hostname;
}

/** What a domain name says in Unicode. Asked of the runtime with the first address: a cold process would wait for it. */
function unicodeOf(domain: string): string {
  const url = builtin<NodeUrl>("node:url");
  if (url === undefined) throw new TypeError("the runtime has no node:url");
  return url.domainToUnicode(domain);
}

interface NodeUrl {
  domainToUnicode(domain: string): string;
}

function bytes(text: string): number {
  return utf8(text).length;
}
