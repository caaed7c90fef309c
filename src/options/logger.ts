import type { Report } from "../base/report.ts";
import type { Logger } from "../events.ts";

/** Where log lines go, and the name that they carry. */
export interface LoggerSettings {
  readonly logger: Logger | null;
  readonly service: string;
}

const SERVICE = "latchkey";

/** Checks them. A logger is somebody else's object: what else it can do is of no interest. */
export function loggerSettings(logger: unknown, service: unknown, report: Report): LoggerSettings {
  if (service !== undefined && (typeof service !== "string" || service === "")) {
    report.add("service", "must be a text that is not empty");
  }
  const given = logger as Partial<Record<string, unknown>> | null | undefined; // looked at before it is used
  const can = (name: string) => typeof given?.[name] === "function";
  const fits = ["info", "warn", "error"].every(can) && (given?.["debug"] === undefined || can("debug"));
  if (logger !== undefined && !fits) {
    report.add("logger", "must have the functions info, warn and error (and perhaps debug), as console has");
  }
  return {
    logger: fits ? logger as Logger : null, // it has what it must have
    service: typeof service === "string" ? service : SERVICE,
  };
}
