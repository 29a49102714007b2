import { daysLate, isLedgerEvent, newestOf, type Assessment, type Entry, type Evidence, type History } from '../src/kernel/index.js';

/** What a row shows of the record behind it: the last decision, how good the evidence is, what was backdated or is disputed. */
export interface Trail {
  readonly lastDecision: {
    readonly decision: string;
    readonly command: string;
    readonly on: string;
    readonly reference: string | null;
  } | null;
  readonly evidence: Evidence['confidence'] | null;
  readonly sources: number;
  /** What other sources state, the newest 20 in order: field, value, and where. */
  readonly claims: readonly { readonly event: string; readonly pointer: string; readonly value: unknown; readonly source: string | null }[];
  /** Days between the act and its record, for the event recorded latest; 0 when none was certainly late. */
  readonly daysLate: number;
  readonly corrections: number;
  /** The newest 20 assessments that came out as not met or waived, in order. */
  readonly assessed: readonly Assessment[];
}

const BEST = ['primary', 'press', 'derived', 'low'] as const;

/** Entries never change: what dates cost is paid once for each. */
const lateness = new WeakMap<Entry, number>();
const latenessOf = (entry: Entry, timeZone: string): number => {
  let days = lateness.get(entry);
  if (days === undefined) lateness.set(entry, (days = daysLate(entry.effectiveOn, entry.recorded.metadata.recordedAt, timeZone)));
  return days;
};

/** Linear in the length of the history. */
export const trailOf = ({ entries, recorded, timeZone }: History, most?: number, assessments = assessedIn(recorded)): Trail => {
  const last = recorded.findLast(({ type }) => !isLedgerEvent(type));
  const sources = new Set<string | undefined>();
  const claims: Trail['claims'][number][] = [];
  const found = new Set<Evidence['confidence']>();
  let [late, corrections] = [0, 0];
  for (const entry of entries) {
    for (const { uri, title, confidence } of entry.evidence) {
      sources.add(uri ?? title);
      if (confidence) found.add(confidence);
    }
    late = Math.max(late, latenessOf(entry, timeZone));
    corrections += entry.corrections.length;
    for (const { claim, evidence } of entry.notes)
      if (claim) claims.push({ event: entry.recorded.id, ...claim, source: evidence[0]?.uri ?? evidence[0]?.title ?? null });
  }
  return {
    lastDecision: last
      ? {
          decision: last.metadata.command.id,
          command: last.metadata.command.name,
          on: last.metadata.effectiveOn,
          reference: last.metadata.authority?.reference ?? null,
        }
      : null,
    evidence: BEST.find((confidence) => found.has(confidence)) ?? null,
    sources: sources.size,
    claims: newestOf(claims, most),
    daysLate: late,
    corrections,
    assessed: newestOf(
      [...assessments.values()].flat().filter(({ result }) => result === 'not-met' || result === 'waived'),
      most,
    ),
  };
};

/** Event → what was assessed of it, in order of first assessment; a correction is assessed in the place of the event that it corrects. */
export const assessedIn = (recorded: History['recorded']): ReadonlyMap<string, readonly Assessment[]> => {
  const assessed = new Map<string, readonly Assessment[]>();
  for (const event of recorded)
    if (event.metadata.assessed) {
      const of = event.type === 'FactCorrected' ? (event.data as { readonly event: string }).event : event.id;
      assessed.set(of, event.metadata.assessed);
    }
  return assessed;
};
