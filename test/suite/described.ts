import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { BaseAuth } from "../../src/auth/face.ts";
import type { OpenApi } from "../../src/model.ts";

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

type Check = (call: string, status: number, body: unknown) => void;

/** What servers of one shape say: to make a document for each of thousands would take most of the time. */
const shapes = new Map<string, Promise<Check>>();
/** What a server says that says more than another of its shape: fields of users. */
const own = new WeakMap<object, Promise<Check>>();

/** Holds a reply against the document that a server gives: the status must be described, and the body as it says. */
export async function holdReply(
  auth: Pick<BaseAuth, "openapi">,
  call: string,
  status: number,
  body: unknown,
): Promise<void> {
  const shape = Object.entries(auth).map(([name, part]) => `${name} ${Object.keys(part)}`).join();
  const check = shapes.get(shape) ?? auth.openapi().then(checkOf);
  shapes.set(shape, check);
  try {
    (await check)(call, status, body);
  } catch {
    const check = own.get(auth) ?? auth.openapi().then(checkOf);
    own.set(auth, check);
    (await check)(call, status, body);
  }
}

/** Compares replies with a document. */
export function checkOf(document: OpenApi): Check {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: "api", ...document });
  const compiled = new Map<string, ValidateFunction>();
  return (call, status, body) => {
    const [method = "", path = ""] = call.split(" ");
    const at = path.replace(/:(\w+)/g, "{$1}");
    const operation = document.paths[at]?.[method.toLowerCase()] as Operation | undefined;
    const response = operation?.responses[status];
    if (response === undefined) throw new Error(`the document does not say that ${call} answers ${status}`);
    const schema = response.content?.["application/json"]?.schema;
    if (response.content?.["text/html"] !== undefined) {
      if (!String(body).startsWith("<!doctype html>")) throw new Error(`${call} ${status} is no page`);
      return;
    }
    if (schema === undefined) {
      if (body !== undefined) throw new Error(`the document says that ${call} ${status} has no body`);
      return;
    }
    const name = `${call} ${status}`;
    const steps = [
      "paths",
      at,
      method.toLowerCase(),
      "responses",
      String(status),
      "content",
      "application/json",
      "schema",
    ];
    const pointer = steps.map((step) => encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1")))
      .join("/");
    const validate = compiled.get(name) ?? ajv.compile({ $ref: `api#/${pointer}` });
    compiled.set(name, validate);
    if (!validate(body)) {
      throw new Error(`${name} is not as the document says: ${ajv.errorsText(validate.errors)}`);
    }
  };
}
