// What people do with key pairs at a server.
import type { KeyInfo } from "../../src/features/key/contract.ts";
import type { Client } from "./client.ts";
import { bare, type KeyPair } from "./key_holder.ts";
import type { World } from "./world.ts";

/** Adds a key. */
export async function adds(somebody: Client, pair: KeyPair, name?: string): Promise<KeyInfo> {
  const { challengeId, message } = await somebody.key.startAdd({ publicKey: pair.x });
  return await somebody.key.add({ challengeId, signature: await bare(pair, message), name });
}

/** Somebody new who signs in by a key. */
export async function entersByKey({ person }: Pick<World, "person">, pair: KeyPair): Promise<Client> {
  const somebody = person();
  const { challengeId, message } = await somebody.key.startSignIn({ publicKey: pair.x });
  await somebody.key.finishSignIn({ challengeId, signature: await bare(pair, message) });
  return somebody;
}
