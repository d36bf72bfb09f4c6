// The provider for browsers: all flags at once, kept, and asked for again when an event says so.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { EventSource } from 'eventsource';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { ClientProviderEvents, ErrorCode, OpenFeature } from '@openfeature/web-sdk';
import { Admin } from './admin.mjs';
import { eventually, world } from './setup.mjs';

globalThis.EventSource = EventSource;
after(() => OpenFeature.close());

/** A client, and what its provider got over HTTP. */
async function client(domain, key, options = {}, context = world.context) {
  const answers = [];
  const fetchImplementation = async (request, init) => {
    const answer = await fetch(request, init);
    answers.push({ status: answer.status, etag: request.headers.get('if-none-match') });
    return answer;
  };
  const headers = [['Authorization', `Bearer ${key}`]];
  const provider =
    new OFREPWebProvider({ baseUrl: world.edge, headers, cacheMode: 'disabled', fetchImplementation, ...options });
  await OpenFeature.setContext(domain, context);
  await OpenFeature.setProviderAndWait(domain, provider);
  return { flags: OpenFeature.getClient(domain), answers };
}

function ask(flags, { key, type }) {
  switch (type) {
    case 'boolean': return flags.getBooleanDetails(key, true);
    case 'string': return flags.getStringDetails(key, 'default');
    case 'object': return flags.getObjectDetails(key, { default: true });
    default: return flags.getNumberDetails(key, -1);
  }
}

test('every type and every kind of answer', async () => {
  const { flags, answers } = await client('all', world.web);
  for (const expected of world.cases) {
    const got = ask(flags, expected);
    assert.deepEqual([got.value, got.variant, got.reason], [expected.value, expected.variant, expected.reason], expected.key);
  }
  assert.equal(answers.length, 1, 'one request for all of them');
  const unknown = flags.getBooleanDetails('BetaUsers', true);
  assert.equal(unknown.errorCode, ErrorCode.FLAG_NOT_FOUND, 'that one is not for browsers');
});

test('without a targeting key only those flags fail that need one', async () => {
  const { flags } = await client('keyless', world.web, {}, { plan: 'pro' });
  assert.equal(flags.getStringDetails('string-split', 'x').errorCode, ErrorCode.TARGETING_KEY_MISSING);
  assert.equal(flags.getStringDetails('string-match', 'x').value, 'B');
});

test('a wrong key is fatal', async () => {
  await assert.rejects(client('stranger', `${world.web.slice(0, -1)}_`));
});

test('what did not change is not sent again', async () => {
  const { answers } = await client('polling', world.web, { changeDetection: 'polling', pollInterval: 50 });
  await eventually('a 304', () => answers.some(({ status, etag }) => status === 304 && etag));
});

test('a change arrives by itself, and only what changed is told', async () => {
  const { flags, answers } = await client('events', world.web);
  const told = [];
  flags.addHandler(ClientProviderEvents.ConfigurationChanged, ({ flagsChanged }) => told.push(flagsChanged));
  const admin = await Admin.signIn(world.backend, world.password);
  const input = { team: world.team, feature: 'string-static', environment: 'dev' };
  const switched = async (how, value) => {
    const type = how === 'kill' ? 'KillFeatureInput' : 'RestoreFeatureInput';
    await admin.call(`mutation($input: ${type}!) { ${how}Feature(input: $input) { environments } }`,
      { input: { ...input, reason: 'a test' } });
    await eventually(`the ${how}`, () => flags.getStringValue('string-static', 'x') === value);
  };
  await switched('kill', 'B');
  assert.equal(flags.getStringDetails('string-static', 'x').flagMetadata.killSwitch, true);
  await switched('restore', 'A');
  await eventually('both events', () => told.length >= 2);
  assert.deepEqual(told, [['string-static'], ['string-static']]);
  assert.equal(answers.length, 3, 'asked once at first and once for each event');
});

test('a client that asks too often goes on with what it has', async () => {
  const options = { baseUrl: world.limited, changeDetection: 'polling', pollInterval: 20 };
  const { flags, answers } = await client('often', world.web, options);
  await eventually('a 429', () => answers.some(({ status }) => status === 429));
  assert.equal(flags.getStringValue('string-match', 'x'), 'B');
});
