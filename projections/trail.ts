import { completions, daysLate, newestOf, openClaims, type Assessment, type Evidence, type History } from '../src/kernel/index.js';

/** What a row shows of the record behind it: the last decision, how good the evidence is, what was backdated or is disputed. */
export interface Trail {
  /** The last by day of those that stand, with its day as corrected. */
  readonly lastDecision: {
    readonly decision: string;
    readonly command: string;
    readonly on: string;
    readonly reference: string | null;
  } | null;
  readonly evidence: Evidence['confidence'] | null;
  readonly sources: number;
  /** What other sources state otherwise and nobody has settled, the newest 20 in order: field, value, and where. */
  readonly claims: readonly { readonly event: string; readonly pointer: string; readonly value: unknown; readonly source: string | null }[];
  /** What a reader should know, the newest 20 as recorded: of an event, or of all of it where `event` is null. */
  readonly notes: readonly { readonly event: string | null; readonly note: string; readonly source: string | null }[];
  /** Days between the act and its record, for the event recorded latest; 0 when none was certainly late. */
  readonly daysLate: number;
  readonly corrections: number;
  /** The newest 20 assessments that came out as not met or waived, in order. */
  readonly assessed: readonly Assessment[];
}

const BEST = ['primary', 'press', 'derived', 'low'] as const;

/** Linear in the length of the history. */
export const trailOf = (
  { aggregate, entries, recorded, notes, timeZone }: History,
  most?: number,
  assessments = assessedIn(recorded),
): Trail => {
  const sources = new Set<string | undefined>();
  const claims: Trail['claims'][number][] = [];
  const found = new Set<Evidence['confidence']>();
  let [late, corrections] = [0, 0];
  const last = entries.at(-1);
  const completed = entries.some(({ notes }) => notes.length > 0) ? completions({ aggregate, entries }) : undefined;
  for (const entry of entries) {
    for (const { uri, title, confidence } of entry.evidence) {
      sources.add(uri ?? title);
      if (confidence) found.add(confidence);
    }
    late = daysLate(entry.effectiveOn, entry.recorded.metadata.recordedAt, timeZone, late);
    corrections += entry.corrections.length;
    for (const { claim, evidence } of openClaims(entry, completed?.get(entry)))
      claims.push({ event: entry.recorded.id, ...claim, source: sourceOf(evidence) });
  }
  return {
    lastDecision: last
      ? {
          decision: last.recorded.metadata.command.id,
          command: last.recorded.metadata.command.name,
          on: last.effectiveOn,
          reference: last.grounds.authority?.reference ?? null,
        }
      : null,
    evidence: BEST.find((confidence) => found.has(confidence)) ?? null,
    sources: sources.size,
    claims: newestOf(claims, most),
    notes: newestOf(notesIn(entries, notes, recorded), most),
    daysLate: late,
    corrections,
    assessed: newestOf(
      assessedOf(entries, assessments).filter(({ result }) => result === 'not-met' || result === 'waived'),
      most,
    ),
  };
};

/** Notes that claim nothing and stand, in the order in which they were recorded. */
const notesIn = (entries: History['entries'], ofAll: History['notes'], recorded: History['recorded']): Trail['notes'] => {
  const found = [
    ...ofAll.map((note) => ({ event: null, ...note })),
    ...entries.flatMap((entry) => entry.notes.map((note) => ({ ...note, event: entry.recorded.id }))),
  ].filter(({ claim }) => claim === undefined);
  if (found.length === 0) return NO_NOTES;
  const place = new Map(recorded.map(({ id }, i) => [id, i]));
  return found
    .toSorted((a, b) => place.get(a.by)! - place.get(b.by)!)
    .map(({ event, note, evidence }) => ({ event, note, source: sourceOf(evidence) }));
};
const NO_NOTES: Trail['notes'] = [];

/** The first that is named. */
const sourceOf = (evidence: readonly Evidence[]): string | null => evidence.map(({ uri, title }) => uri ?? title).find((source) => source !== undefined) ?? null; // prettier-ignore

/** What was assessed of the events that stand. */
const assessedOf = (entries: History['entries'], assessed: ReturnType<typeof assessedIn>): readonly Assessment[] => {
  if (assessed.size === 0) return [];
  const standing = new Set(entries.map((entry) => entry.recorded.id));
  return [...assessed].flatMap(([event, of]) => (standing.has(event) ? of : []));
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
