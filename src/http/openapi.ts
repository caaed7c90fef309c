import type { Described, Schema } from "../base/schema.ts";
import type { AnyRoute } from "../contract.ts";
import type { Endpoint } from "../endpoint.ts";
import { type ErrorCode, rowOf } from "../errors.ts";
import type { OpenApi } from "../model.ts";

/** The version of this library, as the manifests say it. */
export const VERSION = "0.1.0";

/** What any route may answer, whatever its row says. */
export const ANY: readonly ErrorCode[] = [
  "input_invalid",
  "json_invalid",
  "request_timeout",
  "body_too_large",
  "content_type_unsupported",
  "origin_forbidden",
  "internal",
  "storage_unavailable",
  "storage_corrupt",
  "secret_unknown",
  "limit_reached",
];

/** What any route may answer that needs a session. */
export const SIGNED_IN: readonly ErrorCode[] = [
  "unauthenticated",
  "token_invalid",
  "token_expired",
  "session_ended",
];

/** What an idempotent route may answer to a request with a key. */
export const IDEMPOTENT: readonly ErrorCode[] = ["request_in_progress", "idempotency_conflict"];

/** All that a route may answer but success. */
export function errorsOf({ errors, access, limit, idempotent }: AnyRoute): readonly ErrorCode[] {
  const limited: readonly ErrorCode[] = limit === undefined ? [] : ["rate_limited"];
  const keyed = idempotent ? IDEMPOTENT : [];
  return [...new Set([...errors, ...limited, ...keyed, ...access === "session" ? SIGNED_IN : [], ...ANY])];
}

/** What is described. */
export interface Subject {
  readonly endpoints: readonly Endpoint[];
  /** What the built-in operations answer, by feature and method; null: nothing. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, Schema<unknown> | null>>>>;
  /** Where the handler is mounted: origin and path. */
  readonly url: string;
  /** The name of the session cookie. */
  readonly cookie: string;
  /** Whether users have fields of the application's own. */
  readonly hasFields: boolean;
  /** The routes that the option `rateLimit` names. */
  readonly limits: Readonly<Record<string, unknown>>;
}

type Json = Readonly<Record<string, unknown>>;

/** The OpenAPI 3.1 document of all endpoints (https://spec.openapis.org/oas/v3.1.1). */
export function describe({ endpoints, outputs, url, cookie, hasFields, limits }: Subject): OpenApi {
  const schemas: Record<string, unknown> = { Error: ERROR };
  const paths: Record<string, Record<string, Json>> = {};
  for (const { name, call, route } of endpoints) {
    const [method = "", path = ""] = call.split(" ");
    const [feature = ""] = name.split(".");
    const output = outputOf({ name, route }, outputs);
    const isLimited = route.limit !== undefined || Object.hasOwn(limits, call);
    const shown = [...route.idempotent ? [KEY] : [], ...isLimited ? [DEVICE] : []];
    const at = path.replace(/:(\w+)/g, "{$1}");
    const input = Object(jsonOf(route.input, schemas)) as ObjectSchema;
    const named = [...path.matchAll(/:(\w+)/g)].map(([, member = ""]) => member);
    paths[at] = {
      ...paths[at],
      [method.toLowerCase()]: {
        operationId: name,
        summary: route.summary,
        tags: [feature],
        ...(route.atRoot && { servers: [{ url: new URL(url).origin }] }),
        security: SECURITY[route.access],
        ...parametersOf(method, input, named, shown),
        responses: responsesOf(route, { output, schemas, isLimited }),
      },
    };
  }
  if (hasFields) Object.assign(Object(schemas["User"]), { additionalProperties: true });
  return {
    openapi: "3.1.1",
    info: { title: "Latchkey", version: VERSION, description: "Sign-in, sessions and accounts." },
    servers: [{ url }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        cookie: { type: "apiKey", in: "cookie", name: cookie },
        bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
      },
    },
  };
}

/** What a route answers; null for nothing. Where a plug-in's row does not say it: a grant looks the same everywhere, and anything
 * else may be anything. */
function outputOf(
  { name, route }: Pick<Endpoint, "name" | "route">,
  outputs: Subject["outputs"],
): Schema<unknown> | null {
  const [feature = "", key = ""] = name.split(".");
  const said = route.output ?? (Object.hasOwn(outputs, feature) ? outputs[feature]?.[key] : undefined);
  if (said !== undefined) return said;
  if (route.session === "starts") return outputs["emailOtp"]?.["verify"] ?? null;
  return route.status === 204 ? null : { json: {} } as Described<unknown>;
}

const SECURITY = {
  anyone: [],
  optional: [{}, { cookie: [] }, { bearer: [] }],
  session: [{ cookie: [] }, { bearer: [] }],
} as const;

const ERROR = {
  type: "object",
  required: ["code", "message", "status"],
  properties: {
    code: { type: "string", description: "Stable, made to be compared." },
    message: { type: "string", description: "A sentence for people." },
    status: { type: "integer" },
    details: { type: "object", description: "More about it, by code." },
  },
  additionalProperties: false,
};

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
}

const KEY = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: "A request that is sent again with the same key is not run again: it gets the first reply.",
  schema: { type: "string", minLength: 1, maxLength: 255, pattern: "^[\\x21-\\x7e]+$" },
};

const DEVICE = {
  name: "Latchkey-Device",
  in: "header",
  required: false,
  description:
    "The `deviceToken` that this program got last: others' attempts do not hold up a device that is known.",
  schema: { type: "string" },
};

/** What travels: in the path, in the query of a GET or DELETE, else in the body. */
function parametersOf(
  method: string,
  input: ObjectSchema,
  named: readonly string[],
  headers: readonly Json[],
): Json {
  const { properties = {}, required = [], additionalProperties } = input;
  const isQuery = method === "GET" || method === "DELETE";
  const rest = Object.keys(properties).filter((member) => !named.includes(member));
  const members = [...named, ...(isQuery ? rest : [])].map((name) => ({
    name,
    in: named.includes(name) ? "path" : "query",
    required: named.includes(name) || required.includes(name),
    schema: properties[name] ?? { type: "string" },
  }));
  const parameters = [...members, ...headers];
  const schema = {
    type: "object",
    properties: Object.fromEntries(rest.map((member) => [member, properties[member]])),
    required: required.filter((member) => rest.includes(member)),
    additionalProperties,
  };
  const isEmpty = rest.length === 0 && additionalProperties === false;
  return {
    ...(parameters.length > 0 && { parameters }),
    ...(!isQuery && !isEmpty && {
      requestBody: {
        required: schema.required.length > 0,
        content: { "application/json": { schema } },
      },
    }),
  };
}

/** What a route answers besides what its row says. */
interface Answers {
  readonly output: Schema<unknown> | null;
  readonly schemas: Record<string, unknown>;
  readonly isLimited: boolean;
}

/** A step that waits, in place of a grant. */
function pendingStep(schemas: Record<string, unknown>, headers: Json): Json {
  const time = { type: "string", format: "date-time" };
  const challenge = {
    type: "object",
    required: ["id", "kind", "expiresAt", "resendAt"],
    properties: { id: { type: "string" }, kind: { enum: ["email_code"] }, expiresAt: time, resendAt: time },
    additionalProperties: false,
  };
  schemas["PendingStep"] ??= {
    type: "object",
    required: ["challenge"],
    properties: { challenge },
    additionalProperties: false,
  };
  const schema = { $ref: "#/components/schemas/PendingStep" };
  return { description: "A step that waits.", headers, content: { "application/json": { schema } } };
}

/** All replies: each may tell what is left of a limit. */
function responsesOf(route: AnyRoute, answers: Answers): Json {
  const headers = { ...HEADERS, ...(answers.isLimited && LEFT) };
  return { ...success(route, answers, headers), ...failures(route, answers, headers) };
}

function success(route: AnyRoute, { output, schemas }: Answers, headers: Json): Json {
  if (route.reply === "page") {
    const content = { "text/html": { schema: { type: "string" } } };
    return { [route.status]: { description: "A page.", headers, content } };
  }
  if (route.reply === "redirect") {
    return { [route.status]: { description: "Another address.", headers: { ...headers, ...ELSEWHERE } } };
  }
  const content = output === null
    ? {}
    : { content: { "application/json": { schema: jsonOf(output, schemas) } } };
  const reply = (description: string) => ({ description, headers, ...content });
  return {
    [route.status]: reply(route.status === 204 ? "Done." : "The answer."),
    ...(route.session === "starts" && { 201: reply("The answer; the account is new.") }),
    ...(route.pends && { 202: pendingStep(schemas, headers) }),
  };
}

const HEADERS = {
  "X-Request-Id": { schema: { type: "string" }, description: "Names the request in the log." },
};
const LATER = {
  "Retry-After": { schema: { type: "integer" }, description: "When to try again, in seconds." },
};
const LEFT = {
  "RateLimit-Policy": {
    schema: { type: "string" },
    description: "The limit: so many (`q`) in so many seconds (`w`). Where the client was counted.",
  },
  "RateLimit": {
    schema: { type: "string" },
    description: "What is left of it (`r`), and when there is more, in seconds (`t`).",
  },
};
const ELSEWHERE = {
  "Location": { required: true, schema: { type: "string" }, description: "Where the browser is sent." },
};

function failures(route: AnyRoute, { isLimited }: Answers, headers: Json): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set([...errorsOf(route), ...isLimited ? ["rate_limited" as const] : []])) {
    const [status] = rowOf(code, route.rows);
    byStatus.set(status, [...byStatus.get(status) ?? [], code]);
  }
  return Object.fromEntries(
    [...byStatus].toSorted(([a], [b]) => a - b).map(([status, codes]) => [status, {
      description: codes.map((code) => `\`${code}\`: ${rowOf(code, route.rows)[1]}`).join(" "),
      headers: { ...headers, ...(WAITS.has(status) && LATER) },
      content: {
        "application/json": {
          schema: {
            allOf: [{ $ref: "#/components/schemas/Error" }, { properties: { code: { enum: codes } } }],
          },
        },
      },
    }]),
  );
}

const WAITS: ReadonlySet<number> = new Set([409, 429, 503]);

/** As much of a valibot schema as is looked at here. */
interface Node {
  readonly type: string;
  readonly title?: string;
  readonly pipe?: readonly Node[];
  readonly entries?: Readonly<Record<string, Node>>;
  readonly item?: Node;
  readonly wrapped?: Node;
}

/** A schema as JSON Schema 2020-12. One that has a name is put among `schemas`, and referred to. */
export function jsonOf(schema: Schema<unknown>, schemas: Record<string, unknown>): Json {
  const { json } = schema as Described<unknown>;
  if (json !== undefined) return json as Json; // as it was described
  const node = schema as unknown as Node; // every schema is made by `base/schema.ts`
  if (node.title === undefined) return walked(node, schemas);
  schemas[node.title] ??= walked(node, schemas);
  return { $ref: `#/components/schemas/${node.title}` };
}

function walked({ type, pipe, entries, item, wrapped }: Node, schemas: Record<string, unknown>): Json {
  const inner = (node: Node) => jsonOf(node as unknown as Schema<unknown>, schemas);
  const whole = pipe?.find((one) => one.entries !== undefined);
  if (whole !== undefined) return walked(whole, schemas);
  if (entries !== undefined) {
    const all = Object.entries(entries);
    return {
      type: "object",
      properties: Object.fromEntries(all.map(([name, one]) => [name, inner(one)])),
      required: all.filter(([, one]) => one.type !== "optional").map(([name]) => name),
      additionalProperties: type !== "strict_object",
    };
  }
  if (item !== undefined) return { type: "array", items: inner(item) };
  if (wrapped !== undefined && type === "nullable") return { anyOf: [inner(wrapped), { type: "null" }] };
  return wrapped === undefined ? {} : inner(wrapped);
}
