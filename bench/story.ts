import { got, type Server } from './server.js';
import type { Post } from './load.js';

export const TOWERS = 64;
/** Divides the towers: contract n has tower n % 64 and supplier n % 32. */
export const SUPPLIERS = 32;
const bodyOf = (body: object) => JSON.stringify(body);

/** Records the programme, towers and suppliers that contracts are awarded under. */
export const recordWorld = async (server: Server, towers = TOWERS): Promise<void> => {
  const send = (path: string, body: object) => got(server.post(path, bodyOf(body)));
  await send('/programmes/p/charter-programme', { title: 'Programme', authority: 'Authority', baseCurrency: 'GBP' });
  for (let i = 0; i < towers; i++) await send(`/towers/t-${i}/plan-tower`, { programme: 'p', title: `Tower ${i}` });
  for (let i = 0; i < SUPPLIERS; i++) await send(`/suppliers/s-${i}/register-supplier`, { title: `Supplier ${i}`, form: 'company' });
};

export const awardBody = (n: number, towers = TOWERS): string =>
  bodyOf({
    programme: 'p',
    title: `Contract ${n}`,
    towers: [`t-${n % towers}`],
    suppliers: [{ supplier: `s-${n % SUPPLIERS}` }],
    value: { amount: '155000000.00', currency: 'GBP' },
    startsOn: '2015-12-01',
    endsOn: '2020-11-30',
    record: {
      effectiveOn: '2015-11',
      decidedBy: { person: 'p-1', office: 'Deputy Mayor' },
      authority: { reference: `PCD ${n}` },
      evidence: [{ uri: `https://example.org/decisions/${n}`, title: 'The decision', confidence: 'primary' }],
    },
  });

/** A build from before contracts had several suppliers takes one. */
const withOneSupplier = (post: Post): Post => ({ ...post, body: post.body.replace(/"suppliers":\[\{("supplier":"[^"]*")\}\]/, '$1') });

let contracts = 0;
/** The award of a new contract, to one of so many towers. */
export const award = (name = 'c', towers = TOWERS): Post => {
  const n = ++contracts;
  return { path: `/contracts/${name}-${n}/award-contract`, body: awardBody(n, towers), key: `award-${n}` };
};
/** The same, as the build of a server takes it. */
export const awardOn = ({ oneSupplier }: Pick<Server, 'oneSupplier'>, name?: string, towers?: number): Post =>
  oneSupplier ? withOneSupplier(award(name, towers)) : award(name, towers);

/** A change of a contract's value to so many pounds. */
export const changeOf = (contract: string, pounds: number): Post => ({
  path: `/contracts/${contract}/approve-change`,
  body: bodyOf({ kind: 'value', to: { amount: `${pounds}.00`, currency: 'GBP' }, record: { effectiveOn: '2017-03' } }),
});

/** What comes after the award in a contract's life, one event each. */
const LATER: readonly (readonly [command: string, body: object])[] = [
  ['sign-contract', { record: { effectiveOn: '2015-12' } }],
  ['start-service', { record: { effectiveOn: '2016-01' } }],
  ['record-delay', { milestone: 'Migration', from: '2016-06', to: '2016-12', cause: 'The old centre closed later' }],
  ['approve-change', { kind: 'value', to: { amount: '176800000.00', currency: 'GBP' }, record: { effectiveOn: '2017-03' } }],
  ['approve-change', { kind: 'term', endsOn: '2021-11-30', record: { effectiveOn: '2018' } }],
  ['annotate', { note: 'The paper gives a sum without its tax.' }],
];
/** Events in a contract's life. */
export const LIFE = 1 + LATER.length;

/** Whole lives of contracts, one after the other, so many events in all; `name` begins their ids. */
export const lives = (
  events: number,
  name = 'c',
  build: Pick<Server, 'oneSupplier'> = { oneSupplier: false },
): ((connection: number) => Post | undefined) => {
  const at = new Map<number, { readonly path: string; step: number }>();
  let sent = 0;
  return (connection) => {
    if (sent++ >= events) return undefined;
    const life = at.get(connection);
    if (!life || life.step === LATER.length) {
      const post = awardOn(build, name);
      at.set(connection, { path: post.path.slice(0, post.path.lastIndexOf('/')), step: 0 });
      return post;
    }
    const [command, body] = LATER[life.step++]!;
    return { path: `${life.path}/${command}`, body: bodyOf(body), key: `${command}-${life.step}` };
  };
};
