import { projection, type RecordedEvent } from '../src/kernel/index.js';

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

/**
 * Every decision by its id. Under `reference:PCD813` and `person:<id>` stand all decisions on one paper, and all that one person took.
 * As recorded: what became of a decision's facts stands in its dossier.
 */
export const decisions = projection({
  name: 'decisions',
  version: 1,
  question: 'Who decided what, when, on which paper?',
  filters: {
    command: (row) => row.command,
    stream: (row) => row.stream,
    actor: (row) => row.actor,
    person: (row) => row.decidedBy?.person,
    reference: (row) => (row.reference ? [row.reference, paper(row.reference)] : undefined),
  },
  from: [],
  byEvent(event) {
    const { command, authority, decidedBy } = event.metadata;
    if (command.body === undefined && command.record === undefined) return []; // not the first of its decision
    return [
      {
        key: `decision:${command.id}`,
        value: () => summary(event),
        row: true,
        links: [...(authority ? [`reference:${paper(authority.reference)}`] : []), ...(decidedBy ? [`person:${decidedBy.person}`] : [])],
      },
    ];
  },
  row(key, lookup) {
    if (key.startsWith('decision:')) return lookup.get(key)[0];
    const found = lookup.referencing(key).map(({ value }) => value);
    return found.length > 0 ? { decisions: found } : undefined;
  },
});
