import type { FetchHandler } from "../doors/node.ts";
import { base64url } from "../base/encoding.ts";
import { machine } from "../platform.ts";
import type { Mailbox } from "./mailbox.ts";
import { page } from "./page.ts";

/** What the stand-alone server answers: the page, the mailbox where there is one, and the handler for everything else, which also
 * says of what is not there that it is not. */
export function site(handler: FetchHandler, mailbox: Mailbox | null): FetchHandler {
  return async (request, info) => {
    const answer = async () => await handler(request, info);
    const { pathname } = new URL(request.url); // as it was sent: the listener refuses any other
    const reads = request.method === "GET" || request.method === "HEAD";
    if (reads && pathname === "/") return pageReply();
    if (mailbox === null) return await answer();
    const shown = reads && pathname === "/dev/mailbox" ? mailbox.show(request) : null;
    if (shown !== null) return Response.json({ items: shown }, { headers: PRIVATE });
    return await mailbox.during(request, answer);
  };
}

const PRIVATE = {
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** Nothing runs, loads or frames but what carries the nonce of this one reply (CSP Level 3). */
function pageReply(): Response {
  const nonce = base64url(machine.random(16));
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return new Response(page(nonce), {
    headers: {
      ...PRIVATE,
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": policy.join("; "),
      "Cross-Origin-Opener-Policy": "same-origin",
    },
  });
}
