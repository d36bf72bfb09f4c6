// Fills a development system with what the clients ask for, and says what they have to get.
// Standard input: `fgctl dev status -o json`. Standard output: the world as JSON, which holds keys.
import { readFileSync } from 'node:fs';
import { Admin } from './admin.mjs';

const values = {
  boolean: [true, false, false],
  string: ['A', 'B', ''],
  integer: [7, 8, 0],
  float: [1.5, 2.5, 0],
  object: [{ x: 1 }, { x: [2, 'two'] }, {}],
};
const context = { targetingKey: 'user-1', plan: 'pro' };

/** One flag for each kind of answer, for each type, with what it has to come to for `context`. */
function* flags() {
  for (const [type, [a, b, zero]] of Object.entries(values)) {
    const base = { enabled: true, clientSide: true, variants: { a, b }, default: 'a', off: 'b' };
    const when = { key: 'plan', op: 'equals', value: 'pro' };
    const flag = (name, change, expected) =>
      ({ key: `${type}-${name}`, config: { ...base, ...change }, expected: { type, ...expected } });
    yield flag('static', {}, { value: a, variant: 'a', reason: 'STATIC' });
    yield flag('match', { criteria: [{ name: 'pros', when, serve: 'b' }] },
      { value: b, variant: 'b', reason: 'TARGETING_MATCH' });
    yield flag('default', { criteria: [{ when: { ...when, value: 'free' }, serve: 'b' }] },
      { value: a, variant: 'a', reason: 'DEFAULT' });
    yield flag('split', { criteria: [{ split: [{ variant: 'b', weight: 100 }] }] },
      { value: b, variant: 'b', reason: 'SPLIT' });
    yield flag('disabled', { enabled: false }, { value: b, variant: 'b', reason: 'DISABLED' });
    // Beside a fraction, so that the zero of floats is a float.
    const variants = type === 'float' ? { zero, half: 0.5 } : { zero, b };
    if (type !== 'boolean')
      yield flag('zero', { variants, default: 'zero', off: 'zero' }, { value: zero, variant: 'zero', reason: 'STATIC' });
  }
}

const status = JSON.parse(readFileSync(0, 'utf8'));
const password = status.users.find((user) => user.username === 'admin').password;
const admin = await Admin.signIn(status.backend, password);
const team = status.team;
const cases = [];
for (const { key, config, expected } of flags()) {
  await admin.call('mutation($input: CreateFeatureInput!) { createFeature(input: $input) { outcome } }',
    { input: { team, key, kind: 'CONTEXTUAL', config } });
  cases.push({ key, ...expected });
}
const client = async (name, kind, environment) => {
  const input = { team, name, kind, environment };
  const answer = await admin.call('mutation($input: CreateClientInput!) { createClient(input: $input) { key } }', { input });
  return answer.createClient.key;
};
const world = {
  backend: status.backend, grpc: status.grpc, team, password, context, cases,
  edge: status.edge.replace(/\/$/, ''),
  server: await client('clients-server', 'BACKEND', 'dev'),
  web: await client('clients-web', 'FRONTEND', 'dev'),
  edgeKey: await client('clients-edge', 'EDGE'),
};
const body = JSON.stringify({ flagKey: cases.at(-1).key, context });
const served = async () => {
  const answer = await fetch(`${world.edge}/evaluate`, {
    method: 'POST', body, headers: { 'content-type': 'application/json', authorization: `Bearer ${world.web}` },
  });
  return answer.status === 200 && (await answer.json()).variant !== null;
};
for (let tries = 0; !(await served()); tries++) {
  if (tries > 300) throw new Error('the edge never served the last flag');
  await new Promise((again) => setTimeout(again, 50));
}
process.stdout.write(JSON.stringify(world));
