import type { ContributionPlace, Sequence } from '../../../store/read-model.js';
import type { HistoryCache } from '../../history-cache.js';
import type { Projection } from '../../../kernel/index.js';
import type { ReadModelReader } from '../../../store/read-model.js';
import { readsEvents, targetsOf, under } from '../projection-writer.js';
import { AddedByStreams } from './added.js';
import { Kept } from './kept.js';
import { breather, evaluated, rowOf, withFault, type Breathe, type RowSource, type RowValue, type ServedBuild } from './rendering.js';
import { textOfRow } from './row-text.js';
import { View } from './view.js';

export interface Rendered {
  readonly row: RowValue | undefined;
  readonly text: string;
}
type Standing = Pick<ContributionPlace, 'key' | 'row' | 'links'>;

/** Contributions and rows that a reader reads before other work gets its turn. */
const BREATH = 8;
export const breath = (): Breathe => breather(BREATH);
/** Events under one key that are looked at. */
const KEYS = 200;

/** Renders the rows of a projection as of a sequence, and keeps them. */
export class RowReader implements RowSource {
  readonly kept = new Kept();
  readonly added: AddedByStreams;
  readonly readsEvents: boolean;

  constructor(
    readonly readModel: ReadModelReader,
    readonly projection: Projection,
    readonly writer: ServedBuild,
    readonly histories: HistoryCache,
    /** The day in the ledger's time zone, which rows may look at. */
    readonly today: () => string,
  ) {
    this.added = new AddedByStreams(this, this.kept);
    this.readsEvents = readsEvents(projection);
  }

  viewAt(at: Sequence): View {
    return new View(this.readModel, this.writer, at, this.today(), (id) => this.added.known(id));
  }

  /** @param once whether nobody asks again for the row at this sequence */
  async render(key: string, view: View, breathe: Breathe = breath(), once = false): Promise<Rendered> {
    const name = `${view.sequence} ${view.day} ${key}`;
    const known = this.kept.get<Rendered>(name);
    if (known) return known;
    const shown = await this.evaluate(view, () => rowOf(this.projection, key, view), breathe);
    const row = shown ? this.#withFault(key, view, shown) : undefined;
    const rendered: Rendered = { row, text: row ? textOfRow(row) : 'null' };
    if (!once) this.kept.set(name, rendered, 200 + 5 * rendered.text.length);
    return rendered;
  }
  #withFault(key: string, view: View, row: RowValue): RowValue {
    for (const { stream } of view.places(key)) {
      const since = this.writer.faulted.get(stream);
      if (since !== undefined && since <= view.sequence) return withFault(this, row, stream, since);
    }
    return row;
  }

  /** Evaluates what looks things up, with a pause now and then for what has to be fetched. */
  evaluate<T>(view: View, evaluate: () => T, breathe: Breathe = breath()): Promise<T> {
    return evaluated(view, evaluate, async ({ stream, revision, byEvent }) => {
      const added = await (byEvent ? this.added.byEvent(stream, revision) : this.added.at(stream, revision));
      await breathe();
      return added;
    });
  }

  /** What stands under a key. */
  async standing(key: string, view: View): Promise<readonly Standing[]> {
    const places = view.places(key);
    return this.readsEvents ? [...places, ...(await this.eventsUnder(key, view.sequence))] : places;
  }
  async hasRow(key: string, view: View): Promise<boolean> {
    return (await this.standing(key, view)).some(({ row }) => row);
  }

  /** Events that contribute under a key, which few do. */
  async eventsUnder(key: string, at: Sequence): Promise<readonly (Standing & { readonly sequence: Sequence })[]> {
    if (!this.readsEvents) return [];
    const found: (Standing & { readonly sequence: Sequence })[] = [];
    for (const sequence of this.readModel.marked(this.writer.build.id, under(key), { upTo: at, limit: KEYS })) {
      const { stream, revision } = this.readModel.eventAt(sequence)!;
      const contribution = (await this.added.byEvent(stream, revision))[key]?.contribution;
      if (contribution) found.push({ key, row: contribution.row === true, links: targetsOf(contribution), sequence });
    }
    return found;
  }
}
