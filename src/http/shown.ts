import { base64url } from "../base/encoding.ts";
import { redirectTarget } from "../base/redirect.ts";
import { AuthError } from "../errors.ts";
import type { Page, Redirect } from "../model.ts";
import type { Shown } from "./reply.ts";

/** A page: what it may load is what is in it, and nothing that was written into its body runs. */
export function shownPage(page: Page, random: (length: number) => Uint8Array): Shown {
  const { title, body, script, style }: { readonly [K in keyof Page]: unknown } = Object(page);
  if (typeof title !== "string" || typeof body !== "string") {
    throw new TypeError("a page has a title and a body");
  }
  const nonce = base64url(random(16));
  const html = [
    '<!doctype html><html><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${title.replace(/[&<>]/g, (letter) => `&#${letter.charCodeAt(0)};`)}</title>`,
    element("style", style, nonce),
    "</head><body>",
    body,
    element("script", script, nonce),
    "</body></html>",
  ];
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    body: html.join("\n"),
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": policy.join("; "),
      "Referrer-Policy": "no-referrer",
      "X-Content-Type-Options": "nosniff",
      "X-Frame-Options": "DENY",
      "Cross-Origin-Opener-Policy": "same-origin",
    },
  };
}

/** Text that could end its element is a mistake, not a part of the page. */
function element(name: "script" | "style", text: unknown, nonce: string): string {
  if (text === undefined) return "";
  if (typeof text !== "string" || new RegExp(`</${name}|<!--`, "i").test(text)) {
    throw new TypeError(`a page's ${name} is a text that does not end it`);
  }
  return `<${name} nonce="${nonce}">${text}</${name}>`;
}

/** Another address, if it is one of ours or of a trusted origin. @throws {AuthError} `input_invalid` */
export function shownRedirect(
  redirect: Redirect,
  own: string,
  isTrusted: (origin: string) => boolean,
): Shown {
  const location = redirectTarget(Object(redirect).to, own, isTrusted);
  if (location === null) {
    const message = "must be a path that begins with one slash, or an address of a trusted origin";
    throw new AuthError("input_invalid", { issues: [{ path: "redirect", message }] });
  }
  return { body: null, headers: { "Location": location, "Referrer-Policy": "no-referrer" } };
}
