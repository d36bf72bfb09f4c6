// What every test of a client starts from: the world that world.mjs made.
import { readFileSync } from 'node:fs';

export const world = JSON.parse(readFileSync(process.env.CLIENTS_WORLD, 'utf8'));

/** Waits until something is true. */
export async function eventually(what, check) {
  for (let tries = 0; tries < 500; tries++) {
    if (await check()) return;
    await new Promise((again) => setTimeout(again, 20));
  }
  throw new Error(`never: ${what}`);
}
