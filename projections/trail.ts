import { daysLate, isLedgerEvent, type Assessment, type Evidence, type History } from '../src/kernel/index.js';

/** What a row says of the record behind it: the last decision, how good the evidence is, what was told late or is disputed. */
export interface Trail {
  readonly lastDecision: {
    readonly decision: string;
    readonly command: string;
    readonly on: string;
    readonly reference: string | null;
  } | null;
  readonly evidence: Evidence['confidence'] | null;
  readonly sources: number;
  /** What other sources say: field, value, and where. */
  readonly claims: readonly { readonly event: string; readonly pointer: string; readonly value: unknown; readonly source: string | null }[];
  /** Days between the act and its record, for the fact told latest; 0 when none certainly was. */
  readonly daysLate: number;
  readonly corrections: number;
  /** Event → what was assessed of it. */
  readonly assessed: Readonly<Record<string, readonly Assessment[]>>;
}

const BEST = ['primary', 'press', 'derived', 'low'] as const;

export const trailOf = ({ entries, recorded, timeZone }: History): Trail => {
  const last = recorded.findLast(({ type }) => !isLedgerEvent(type));
  const evidence = entries.flatMap((entry) => entry.evidence);
  const late = entries.map(({ recorded: stored, effectiveOn }) => daysLate(effectiveOn, stored.metadata.recordedAt, timeZone));
  const assessed = recorded
    .filter(({ metadata }) => metadata.assessed)
    .map(({ id, type, data, metadata }) => [type === 'FactCorrected' ? data.event : id, metadata.assessed!] as const);
  return {
    lastDecision: last
      ? {
          decision: last.metadata.command.id,
          command: last.metadata.command.name,
          on: last.metadata.effectiveOn,
          reference: last.metadata.authority?.reference ?? null,
        }
      : null,
    evidence: BEST.find((confidence) => evidence.some((e) => e.confidence === confidence)) ?? null,
    sources: new Set(evidence.map(({ uri, title }) => uri ?? title)).size,
    claims: entries.flatMap(({ recorded: stored, notes }) =>
      notes.flatMap(({ claim, evidence: [source] }) =>
        claim ? [{ event: stored.id, ...claim, source: source?.uri ?? source?.title ?? null }] : [],
      ),
    ),
    daysLate: Math.max(0, ...late),
    corrections: entries.reduce((n, { corrections }) => n + corrections.length, 0),
    assessed: Object.fromEntries(assessed),
  };
};
