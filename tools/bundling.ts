import type { Plugin } from "esbuild";

/** Libraries that are no part of any module: each is loaded where it is first used. */
export const APART: readonly string[] = ["nodemailer", "ioredis", "@node-rs/argon2"];

const OSLO = /(?:^|[\\/]node_modules[\\/])@oslojs[\\/]/;

/** Leaves out what is imported and not used of oslo too. Its packages do nothing when they are loaded but fill tables, and forget to
 * say so: half of SHA-2 would come along. */
export const SLIM: Plugin = {
  name: "slim",
  setup({ onResolve, resolve }) {
    onResolve(
      { filter: /^@oslojs\/|^\.\.?\/.*\.js$/ },
      async ({ path, kind, importer, resolveDir, pluginData }) => {
        if (pluginData === SLIM || !(OSLO.test(path) || OSLO.test(importer))) return null;
        return {
          ...await resolve(path, { kind, importer, resolveDir, pluginData: SLIM }),
          sideEffects: false,
        };
      },
    );
  },
};
