import { upcastCorrection, type History, type RecordedEvent } from '../src/kernel/index.js';
import type { Loss } from '../src/domain/loss/index.js';

/** How a loss came out of a case: by a decision, or because the fact that put it there was corrected or withdrawn. */
type Way = 'left' | 'corrected' | 'withdrawn';

/** A time in which a loss was recorded as one of a case. */
export interface InCase {
  readonly case: string;
  readonly joinedOn: string;
  /** Null while it is in it, as all that follows is. */
  readonly leftOn: string | null;
  readonly way: Way | null;
  /** The event that took it out. */
  readonly event: string | null;
  /** When that was recorded: an instant. */
  readonly recordedAt: string | null;
  /** Of a decision that it leaves. */
  readonly decided: Omit<Loss['casesLeft'][number], 'case' | 'event' | 'on'> | null;
}
const IN = { leftOn: null, way: null, event: null, recordedAt: null, decided: null } as const;

const NOT_DECIDED: Loss['casesLeft'][number] = { case: '', event: '', on: '' };

/** The cases that a loss was recorded in, in order of recording. Linear in what was recorded of it. */
export const casesOf = ({ recorded, state }: Pick<History<Loss>, 'recorded' | 'state'>): readonly InCase[] => {
  const times: InCase[] = [];
  /** By the fact that says so. */
  const [named, left] = [new Map<string, string>(), new Set<string>()];
  const isIn = (name = times.at(-1)?.case): boolean => times.at(-1)?.leftOn === null && times.at(-1)!.case === name;
  const takeOut = ({ id, metadata: { effectiveOn, recordedAt } }: RecordedEvent, way: Way, event = id): void => {
    const { case: _, event: __, on, ...decided } = state.casesLeft.find((by) => by.event === event) ?? NOT_DECIDED;
    times.push({ ...times.pop()!, leftOn: on || effectiveOn, way, event, recordedAt, decided: on ? decided : null });
  };
  const putIn = (name: string, event: RecordedEvent): void => {
    if (isIn(name)) return;
    if (isIn()) takeOut(event, 'corrected');
    times.push({ case: name, joinedOn: event.metadata.effectiveOn, ...IN });
  };
  const leave = (fact: string, by: RecordedEvent): void => {
    left.add(fact);
    takeOut(by, 'left', fact);
  };
  const withdraw = (fact: string, by: RecordedEvent): void => {
    if (left.has(fact)) times.push({ ...times.pop()!, ...IN });
    else if (named.has(fact) && isIn(named.get(fact))) takeOut(by, 'withdrawn');
  };
  const correct = (fact: string, name: unknown, by: RecordedEvent): void => {
    if (left.has(fact)) return; // it names the case that it leaves, or it could not stand
    if (typeof name === 'string') {
      named.set(fact, name);
      putIn(name, by);
    } else if (named.delete(fact) && isIn()) takeOut(by, 'corrected');
  };
  for (const event of recorded) {
    const { type, id, data } = event;
    const of = [data['event'] as string, ...((data['dependants'] ?? []) as readonly string[])];
    if (type === 'CaseLeft') leave(id, event);
    else if (type === 'LossRaised' || type === 'CaseJoined') {
      if (data['case'] !== undefined) correct(id, data['case'], event);
    } else if (type === 'FactCorrected') {
      const { event: fact, changes } = upcastCorrection(data as Parameters<typeof upcastCorrection>[0]);
      for (const { pointer, value } of changes) if (pointer === '/case') correct(fact, value, event);
    } else if (type === 'FactWithdrawn') {
      // a leaving first: with what put it there it is withdrawn as a whole
      for (const fact of of.toSorted((a, b) => Number(left.has(b)) - Number(left.has(a)))) withdraw(fact, event);
    } else if (type === 'FactReinstated') {
      for (const fact of of) if (named.has(fact)) putIn(named.get(fact)!, event);
      for (const fact of of) if (left.has(fact)) leave(fact, event);
    }
  }
  return times;
};

/** Cases that a loss came out of and is in no more, each as it came out of it last. */
export const formerCasesOf = (times: readonly InCase[], now: string | null): readonly (InCase & { readonly way: Way })[] => {
  const last = new Map(times.map((time) => [time.case, time]));
  return [...last.values()].filter((time): time is InCase & { readonly way: Way } => time.case !== now && time.way !== null);
};
