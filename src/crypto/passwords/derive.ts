import type { Argon2Recipe, BcryptRecipe, Pbkdf2Recipe, ScryptRecipe } from "../../protocol/phc.ts";
import type { Derive, Work } from "./work.ts";

/** Computes a hash by any recipe. Each algorithm is loaded when it is first needed. */
export const derive: Derive = async (work) => {
  switch (work.recipe.is) {
    case "scrypt":
      return await (await import("./scrypt.ts")).scrypt(work as Work<ScryptRecipe>); // as the recipe says
    case "pbkdf2":
      return await (await import("./pbkdf2.ts")).pbkdf2(work as Work<Pbkdf2Recipe>); // the same
    case "bcrypt":
      return await (await import("./bcrypt.ts")).bcrypt(work as Work<BcryptRecipe>); // the same
    default:
      return await (await import("./argon2.ts")).argon2(work as Work<Argon2Recipe>); // the same
  }
};
