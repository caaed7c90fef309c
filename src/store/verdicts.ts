/** What becomes of a driver of unstorage. `adopted`: it is given an atomic step. `single-process`: it has none that is reached from
 * here; the queues of one process stand in, where the application consents. `never`: no account would be safe in it even so. */
export type Verdict = "adopted" | "single-process" | "never";

/** A verdict and its reason, a sentence that begins with the driver's name. */
export type Judgement = readonly [verdict: Verdict, reason: string];

const SINGLE: Judgement = ["single-process", "has no atomic step"];
const MYSQL: Judgement = ["single-process", "has no atomic step on MySQL"];
const STALE: Judgement = ["never", "may answer with what was overwritten"];
const EVICTS: Judgement = ["never", "forgets accounts to make room"];
const BLIND: Judgement = ["never", "takes a failed read for no record"];
const LOCAL: Judgement = ["never", "keeps records in a browser or phone"];
const TORN: Judgement = ["never", "may leave half a record"];
const SCRIPT: Judgement = ["adopted", "swaps in a script"];
const VERSION: Judgement = ["adopted", "swaps by versions"];

/** The drivers that come with unstorage 1.17 and 2.0, by name. */
export const VERDICTS: Readonly<Record<string, Judgement>> = {
  "azure-app-configuration": BLIND,
  "azure-cosmos": SINGLE,
  "azure-key-vault": BLIND,
  "azure-storage-blob": SINGLE,
  "azure-storage-table": BLIND,
  "capacitor-preferences": LOCAL,
  "cloudflare-cache-binding": EVICTS,
  "cloudflare-kv-binding": STALE,
  "cloudflare-kv-http": STALE,
  "cloudflare-r2-binding": SINGLE,
  "db0": ["adopted", "swaps in a statement, but on MySQL"],
  "deno-kv": VERSION,
  "deno-kv-node": VERSION,
  "fs": TORN,
  "fs-lite": TORN,
  "github": ["never", "cannot write"],
  "http": ["never", "hides the store that it speaks to: give that"],
  "indexedb": LOCAL,
  "localstorage": LOCAL,
  "lru-cache": EVICTS,
  "memory": ["adopted", "swaps without waiting"],
  "mongodb": SINGLE,
  "netlify-blobs": STALE,
  "null": ["never", "keeps nothing"],
  "overlay": ["never", "reads from several stores: give one of them"],
  "planetscale": SINGLE,
  "redis": SCRIPT,
  "s3": SINGLE,
  "session-storage": LOCAL,
  "uploadthing": STALE,
  "upstash": SCRIPT,
  "vercel-blob": STALE,
  "vercel-kv": SCRIPT,
  "vercel-runtime-cache": EVICTS,
};

/** What to think of a driver by the name it has of itself, by what it was told and by its instance. */
export function judge(driver: unknown): Judgement {
  const { name, options, getInstance } = Object(driver);
  const known = name === "idb-keyval" ? "indexedb" : name; // it calls itself after its library
  const judgement = Object.hasOwn(VERDICTS, known) ? VERDICTS[known] : undefined;
  if (judgement === undefined) return SINGLE;
  if (name === "planetscale" && Object(options).boostCache) return STALE; // its reads come from a cache
  if (judgement[0] !== "adopted") return judgement;
  if (typeof getInstance !== "function") return SINGLE; // an instance is what it would be adopted by
  const { dialect, connector } = name === "db0" ? Object(getInstance()) : {};
  if (String(connector).includes("hyperdrive")) return STALE; // it caches reads
  return dialect === "mysql" ? MYSQL : judgement;
}
