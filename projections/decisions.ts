import {
  eventSource,
  linkedList,
  projection,
  sums,
  type Contribution,
  type Key,
  type Lookup,
  type RecordedEvent,
} from '../src/kernel/index.js';

/** `PCD 813`, `PCD-813` and `pcd813` are one paper. */
export const paper = (reference: string): string => reference.toUpperCase().replace(/[^\p{L}\p{N}]/gu, '');

const summary = ({ stream, position, revision, metadata }: RecordedEvent) => ({
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
});

const totals = sums({ decisions: 'count' });

const recorded = eventSource('decision', {
  place({ metadata: { command, authority, decidedBy } }): readonly Contribution<'decision'>[] {
    if (command.body === undefined && command.record === undefined) return []; // not the first of its decision
    const links = [...(authority ? [`reference:${paper(authority.reference)}`] : []), ...(decidedBy ? [`person:${decidedBy.person}`] : [])];
    return [
      {
        key: `decision:${command.id}`,
        row: true,
        links,
        sums: Object.fromEntries(links.map((key) => [key, totals.of({ decisions: 1 })])),
      },
    ];
  },
  show: (event) => ({ [`decision:${event.metadata.command.id}`]: summary(event) }),
});
const listed = linkedList(recorded);

/** The newest decisions under a paper or a person, and how many there are; undefined when there is none. */
const under = (key: Key, lookup: Lookup) => {
  const counts = lookup.sum(totals, key);
  return counts.decisions > 0 ? { decisions: lookup.newest(listed, key), counts } : undefined;
};

/**
 * Every decision by its id. Under `reference:PCD813` and `person:<id>` stand all decisions on one paper, and all that one person took.
 * As recorded: what became of a decision's events stands in its dossier.
 */
export const decisions = projection({
  name: 'decisions',
  version: 2,
  question: 'Who decided what, when, on which paper?',
  from: [recorded],
  rows: {
    decision: (id, lookup) => lookup.get(recorded, id),
    reference: (id, lookup) => under(`reference:${id}`, lookup),
    person: (id, lookup) => under(`person:${id}`, lookup),
  },
  lists: { reference: { decisions: listed }, person: { decisions: listed } },
  filters: {
    command: (row) => row.command,
    stream: (row) => row.stream,
    actor: (row) => row.actor,
    person: (row) => row.decidedBy?.person,
    reference: (row) => (row.reference ? [row.reference, paper(row.reference)] : undefined),
  },
});
