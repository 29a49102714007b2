import {
  eventSource,
  ledgerDataOf,
  linkedList,
  matchKey,
  projection,
  sums,
  type Contribution,
  type Corrected,
  type Key,
  type Lookup,
  type RecordedEvent,
} from '../src/kernel/index.js';

/** One line of a decision, from its first event as recorded. */
export const summary = ({ stream, position, revision, metadata }: RecordedEvent) => ({
  decision: metadata.command.id,
  command: metadata.command.name,
  stream,
  revision,
  position,
  recordedAt: metadata.recordedAt,
  effectiveOn: metadata.effectiveOn,
  actor: metadata.actor.id,
  decidedBy: metadata.decidedBy ?? null,
  reference: metadata.authority?.reference ?? null,
  reason: metadata.reason ?? null,
  evidence: (metadata.evidence ?? []).map(({ uri, title }) => uri ?? title ?? null),
  assessed: (metadata.assessed ?? []).map(({ rule, version, result }) => ({ rule, version, result })),
  /** The programme whose policy judged it, as it was known. */
  judgedBy: judgedBy({ stream, revision, metadata }),
  about: metadata.about,
});

export type DecisionSummary = ReturnType<typeof summary>;

export const judgedBy = ({ stream, revision, metadata }: Pick<RecordedEvent, 'stream' | 'revision' | 'metadata'>) => {
  if (!metadata.assessed?.length) return null;
  const known = stream.startsWith('programme-')
    ? { stream, revision: revision - 1 }
    : metadata.known.find((k) => k.stream.startsWith('programme-'));
  return known ? { programme: known.stream.slice('programme-'.length), revision: known.revision } : null;
};

/** A policy and its rule: `scheme`, `scheme/approval`. */
const rulesOf = ({ metadata: { assessed = [] } }: RecordedEvent): readonly string[] =>
  assessed.flatMap(({ rule }) => (rule.includes('/') ? [rule.slice(0, rule.indexOf('/')), rule] : [rule]));

/** The papers and persons that a correction puts in the place of others. */
const correctedTo = (event: RecordedEvent): readonly string[] => {
  if (event.type !== 'FactCorrected') return [];
  const { changes } = ledgerDataOf(event) as Corrected;
  return changes.flatMap(({ pointer, value }) => {
    const record = [...pointer.split('/').slice(1)].reduceRight<unknown>((inner, step) => ({ [step]: inner }), value) as Sent;
    const { authority, decidedBy } = record.record ?? {};
    return [
      ...(authority?.reference === undefined ? [] : [`reference:${matchKey(authority.reference)}`]),
      ...(decidedBy?.person === undefined ? [] : [`person:${decidedBy.person}`]),
    ];
  });
};
interface Sent {
  readonly record?: { readonly authority?: { readonly reference?: string }; readonly decidedBy?: { readonly person?: string } };
}

/** The keys under which a decision is found: `reference:PCD813`, `person:<id>`, `rule:scheme`, `rule:scheme/approval`. */
export const keysOf = (event: RecordedEvent): ReadonlySet<string> => {
  const { authority, decidedBy } = event.metadata;
  return new Set([
    ...(authority ? [`reference:${matchKey(authority.reference)}`] : []),
    ...(decidedBy ? [`person:${decidedBy.person}`] : []),
    ...correctedTo(event),
    ...rulesOf(event).map((rule) => `rule:${rule}`),
  ]);
};

/** Whether an event is the first one of its decision. */
export const isFirst = ({ metadata: { command } }: RecordedEvent): boolean => command.body !== undefined || command.record !== undefined;

const totals = sums({ decisions: 'count' });

const recorded = eventSource('decision', {
  place(event): readonly Contribution<'decision'>[] {
    if (!isFirst(event)) return [];
    const { command } = event.metadata;
    const links = keysOf(event);
    return [
      {
        key: `decision:${command.id}`,
        row: true,
        links: [...links],
        sums: Object.fromEntries([...links].map((key) => [key, totals.of({ decisions: 1 })])),
      },
    ];
  },
  show: (event) => ({ [`decision:${event.metadata.command.id}`]: summary(event) }),
});
const listed = linkedList(recorded);

/** The newest decisions under a paper, a person or a rule, and how many there are; undefined when there is none. */
const under = (key: Key, lookup: Lookup) => {
  const counts = lookup.sum(totals, key);
  return counts.decisions > 0 ? { decisions: lookup.newest(listed, key), counts } : undefined;
};

/**
 * Every decision by its id. Under `reference:PCD813`, `person:<id>` and `rule:scheme/approval` stand all decisions on one paper, all that one
 * person took, and all that a rule judged; also corrections that put the paper or the person in the place of another.
 * As recorded: what became of a decision's events stands in its dossier.
 */
export const decisions = projection({
  name: 'decisions',
  version: 4,
  question: 'Who decided what, when, on which paper?',
  from: [recorded],
  rows: {
    decision: (id, lookup) => lookup.get(recorded, id),
    reference: (id, lookup) => under(`reference:${id}`, lookup),
    person: (id, lookup) => under(`person:${id}`, lookup),
    rule: (id, lookup) => under(`rule:${id}`, lookup),
  },
  lists: { reference: { decisions: listed }, person: { decisions: listed }, rule: { decisions: listed } },
  filters: {
    command: (row) => row.command,
    stream: (row) => row.stream,
    actor: (row) => row.actor,
    programme: (row) => row.about?.programme,
    tower: (row) => row.about?.tower,
    contract: (row) => row.about?.contract,
    supplier: (row) => row.about?.supplier,
    person: (row) => row.decidedBy?.person,
    reference: (row) => (row.reference ? [row.reference, matchKey(row.reference)] : undefined),
  },
});
