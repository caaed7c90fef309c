// The command line of the stand-alone server: `npm start -- --help` lists its flags. Ends with 0 when it was told to stop, with 2
// and a sentence on standard error when it could not start.
import process from "node:process";
import { AuthError } from "../errors.ts";
import { type Command, commandOf, HELP, type Named, sentences } from "./flags.ts";
import { type RunningServer, startServer } from "./server.ts";

await main();

async function main(): Promise<void> {
  let named: Named = {};
  try {
    const command: Command = commandOf(process.argv.slice(2), process.env);
    if (command.is !== "start") return console.log(command.is === "help" ? HELP : await version());
    named = command.named;
    const starting = startServer(command.options);
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => void stop(starting));
    await starting;
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
    for (const sentence of sentences(error, named)) console.error(sentence);
    process.exitCode = 2;
  }
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
