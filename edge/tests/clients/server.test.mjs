// The provider for JavaScript servers: one request an evaluation.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { ErrorCode, OpenFeature } from '@openfeature/server-sdk';
import { eventually, world } from './setup.mjs';

after(() => OpenFeature.close());

async function client(domain, key, baseUrl = world.edge) {
  const headers = [['Authorization', `Bearer ${key}`]];
  await OpenFeature.setProviderAndWait(domain, new OFREPProvider({ baseUrl, headers }));
  return OpenFeature.getClient(domain);
}

/** Asks by the method of the type, with a default that is never right. */
export function ask(client, { key, type }, context) {
  switch (type) {
    case 'boolean': return client.getBooleanDetails(key, true, context);
    case 'string': return client.getStringDetails(key, 'default', context);
    case 'object': return client.getObjectDetails(key, { default: true }, context);
    default: return client.getNumberDetails(key, -1, context);
  }
}

test('every type and every kind of answer', async () => {
  const flags = await client('all', world.server);
  for (const expected of world.cases) {
    const got = await ask(flags, expected, world.context);
    assert.deepEqual([got.value, got.variant, got.reason], [expected.value, expected.variant, expected.reason], expected.key);
    assert.equal(got.errorCode, undefined);
    assert.equal(got.flagMetadata.version, 1);
  }
});

test('what cannot be evaluated is the default with its reason', async () => {
  const flags = await client('errors', world.server);
  const unknown = await flags.getBooleanDetails('no such flag, ü', true, world.context);
  assert.deepEqual([unknown.value, unknown.errorCode], [true, ErrorCode.FLAG_NOT_FOUND]);
  const missing = await flags.getStringDetails('string-split', 'default', { plan: 'pro' });
  assert.deepEqual([missing.value, missing.errorCode], ['default', ErrorCode.TARGETING_KEY_MISSING]);
  const other = await flags.getBooleanDetails('string-static', true, world.context);
  assert.equal(other.errorCode, ErrorCode.TYPE_MISMATCH);
  const stranger = await client('stranger', `${world.server.slice(0, -1)}_`);
  const refused = await stranger.getBooleanDetails('boolean-static', false, world.context);
  assert.deepEqual([refused.value, refused.errorCode], [false, ErrorCode.GENERAL]);
  const gone = await client('gone', world.server, 'http://127.0.0.1:1');
  assert.equal((await gone.getBooleanDetails('boolean-static', false, world.context)).value, false);
});

test('a client that asks too often waits, and is let in again', async () => {
  const flags = await client('often', world.server, world.limited);
  const evaluate = () => flags.getBooleanDetails('boolean-static', false, world.context);
  await eventually('paused', async () => /paused due to TooManyRequests/.test((await evaluate()).errorMessage));
  await eventually('let in again', async () => (await evaluate()).errorCode === undefined);
});
