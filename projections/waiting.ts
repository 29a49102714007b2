import { projection, showAmount, showValue, source, type Lookup, type Value } from '../src/kernel/index.js';
import { contract, isRunning, type Contract } from '../src/domain/contract/index.js';
import { loss } from '../src/domain/loss/index.js';

/** What somebody asked for, and nobody has decided. */
export interface Waiting {
  readonly kind: string;
  readonly programme: string | null;
  readonly contract: string | null;
  readonly loss: string | null;
  readonly title: string;
  /** What is asked, as a sentence. */
  readonly what: string;
  readonly since: string;
  /** Person id. */
  readonly proposedBy: string | null;
  /** By when a decision is asked for. */
  readonly decideBy: string | null;
}

const named = (id: string, { title }: { readonly title: string }): string => title || id;
const step = ({ to, by, endsOn }: { readonly to?: Value; readonly by?: Value; readonly endsOn?: string }): string =>
  [
    ...(to ? [`to ${showValue(to)}`] : []),
    ...(by ? [`by ${showValue(by)}`] : []),
    ...(endsOn === undefined ? [] : [`until ${endsOn}`]),
  ].join(', ');

const open = (c: Contract) => (isRunning(c) ? (c.proposals ?? []).filter(({ status }) => status === 'open') : []);
const proposals = source(contract, 'proposal', {
  place: (id, c) => open(c).map(({ proposal }) => ({ key: `proposal:${id}/${proposal}`, row: true })),
  show: ({ id, state: c }) =>
    Object.fromEntries(
      open(c).map((p): [string, Waiting] => [
        `proposal:${id}/${p.proposal}`,
        {
          kind: 'proposal',
          programme: c.programme ?? null,
          contract: id,
          loss: null,
          title: named(id, c),
          what: `Change of ${p.kind} of ${named(id, c)}${step(p) && ` ${step(p)}`}${p.summary === undefined ? '' : `: ${p.summary}`}`,
          since: p.on,
          proposedBy: p.proposedBy ?? null,
          decideBy: p.decideBy ?? null,
        },
      ]),
    ),
});
const extensions = source(contract, 'extension', {
  place: (id, c) => (isRunning(c) && c.extensionSought ? [{ key: `extension:${id}`, row: true }] : []),
  show: ({ id, state: c }): Record<string, Waiting> => ({
    [`extension:${id}`]: {
      kind: 'extension',
      programme: c.programme ?? null,
      contract: id,
      loss: null,
      title: named(id, c),
      what: `Extension of ${named(id, c)}${c.extensionSought?.until === undefined ? '' : ` until ${c.extensionSought.until}`}${c.extensionSought?.why === undefined ? '' : `: ${c.extensionSought.why}`}`,
      since: c.extensionSought?.on ?? '',
      proposedBy: null,
      decideBy: null,
    },
  }),
});
const writeOffs = source(loss, 'write-off', {
  place: (id, l) => (l.proposed ? [{ key: `write-off:${id}`, row: true }] : []),
  show: ({ id, state: l }): Record<string, Waiting> => ({
    [`write-off:${id}`]: {
      kind: 'write-off',
      programme: l.programme ?? null,
      contract: l.contract ?? null,
      loss: id,
      title: named(id, l),
      what: `Write-off of ${l.proposed ? showAmount(l.proposed.left) : ''} of ${named(id, l)}`,
      since: l.proposed?.on ?? '',
      proposedBy: null,
      decideBy: null,
    },
  }),
});

const from = { proposal: proposals, extension: extensions, 'write-off': writeOffs };

/** One row for each decision that somebody is asked for; it goes when the decision is recorded. */
export const waiting = projection({
  name: 'waiting',
  version: 2,
  question: 'What was proposed or sought, and waits for a decision?',
  from: Object.values(from),
  rows: Object.fromEntries(Object.entries(from).map(([kind, of]) => [kind, (id: string, lookup: Lookup) => lookup.get(of, id)])) as {
    readonly [K in keyof typeof from]: (id: string, lookup: Lookup) => Waiting | undefined;
  },
  filters: {
    kind: (row) => row.kind,
    programme: (row) => row.programme,
    contract: (row) => row.contract,
    proposedBy: (row) => row.proposedBy,
  },
});
