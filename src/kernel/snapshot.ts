import type { AnyAggregate } from './aggregate.js';
import { bounds } from './values/dates.js';
import type { AnyState, RecordedEvent } from './event.js';
import { contextOf } from './entry.js';
import type { History } from './history.js';
import { isLedgerEvent, ledgerDataOf } from './ledger.js';
import { isRevealing } from './reveal.js';
import { shapeOf } from './schema-version.js';
import { step } from './transition.js';

/**
 * What a stream has come to at a revision, without what was recorded. Enough to go on in order; a backdated event, a correction or a
 * withdrawal needs the whole History. An immutable value.
 */
export class Snapshot<State = AnyState> {
  readonly stream: string;

  private constructor(
    readonly aggregate: AnyAggregate,
    readonly id: string,
    readonly revision: number,
    readonly state: State,
    /** The latest first day of any entry so far. */
    private readonly latestStart: string,
  ) {
    this.stream = `${aggregate.category}-${id}`;
  }

  static of<State>({ aggregate, id, revision, state, latestStart }: History<State>): Snapshot<State> {
    return new Snapshot(aggregate, id, revision, state, latestStart);
  }

  /** Whether none of these events, each in its recorded place, changes how an earlier one is read. */
  canExtendWith(events: Iterable<RecordedEvent>): boolean {
    let start = this.latestStart;
    for (const { type, metadata } of events) {
      if (type === 'FactAnnotated') continue;
      const { earliest, latest } = bounds(metadata.effectiveOn);
      if (isLedgerEvent(type) || isRevealing(this.aggregate, type) || start > latest) return false;
      if (metadata.sequence !== undefined && start === latest) return false;
      if (earliest > start) start = earliest;
    }
    return true;
  }

  /** This snapshot and what was recorded since: only what `canExtendWith` allows. @throws UnsupportedSchemaVersionError, IllegalTransitionError */
  extended(events: Iterable<RecordedEvent>): Snapshot<State> {
    let [revision, state, latestStart] = [this.revision, this.state, this.latestStart];
    for (const recorded of events) {
      revision++;
      if (isLedgerEvent(recorded.type)) {
        ledgerDataOf(recorded);
        continue; // a note: `canExtendWith` allows no other
      }
      const { effectiveOn, evidence = [] } = recorded.metadata;
      const data = shapeOf(this.aggregate, recorded);
      const context = contextOf({ recorded, data, effectiveOn, evidence, grounds: recorded.metadata, corrections: [], notes: [] });
      state = step(this.aggregate, state, { type: recorded.type, data }, context);
      const { earliest } = bounds(effectiveOn);
      if (earliest > latestStart) latestStart = earliest;
    }
    return new Snapshot(this.aggregate, this.id, revision, state, latestStart);
  }
}
