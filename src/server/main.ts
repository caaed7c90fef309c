// The command line: of the stand-alone server (`npm start -- --help` lists its flags), and of signing in by a key pair, which is its
// first word. The server ends with 0 when it was told to stop, with 2 and a sentence on standard error when it could not start; a
// sign-in ends with 0 and a token on standard output, or with 1 and a sentence.
import process from "node:process";
import { AuthError } from "../errors.ts";
import { type Command, commandOf, HELP, type Named, sentences } from "./flags.ts";
import type { RunningServer } from "./server.ts";

const [word, ...rest] = process.argv.slice(2);
if (word === "sign-in") await signIn(rest);
else await serve(process.argv.slice(2));

async function serve(args: readonly string[]): Promise<void> {
  let named: Named = {};
  try {
    const command: Command = commandOf(args, process.env);
    if (command.is !== "start") return console.log(command.is === "help" ? HELP : await version());
    named = command.named;
    const { startServer } = await import("./server.ts"); // a sign-in does without all that
    const starting = startServer(command.options);
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => void stop(starting));
    await starting;
  } catch (error) {
    tell(error, named);
    process.exitCode = 2;
  }
}

async function signIn(args: readonly string[]): Promise<void> {
  const { signedIn } = await import("./sign_in.ts");
  try {
    console.log(await signedIn(args));
  } catch (error) {
    tell(error, {});
    process.exitCode = 1;
  }
}

/** What is wrong, on standard error; a mistake in the code goes on. */
function tell(error: unknown, named: Named): void {
  if (!(error instanceof AuthError)) throw error;
  for (const sentence of sentences(error, named)) console.error(sentence);
}

/** A second signal changes nothing: npm hands on what the terminal has sent to everybody already. */
async function stop(starting: Promise<RunningServer>): Promise<void> {
  const server = await starting.catch(() => null); // told where it was started
  if (server === null) return;
  await server.close();
  process.exit(0);
}

async function version(): Promise<string> {
  const { default: manifest } = await import("../../deno.json", { with: { type: "json" } });
  return manifest.version;
}
