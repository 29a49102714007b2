import type { Contribution, Contributions } from '../../../kernel/index.js';
import { contributionsOf, contributionsOfEvent, kindOf } from '../projection-writer.js';
import type { Kept } from './kept.js';
import { addShown, type RowSource } from './rendering.js';
import { textOfShown } from './row-text.js';

/** What a stream or an event contributes, with what rows show of it, by key. */
export interface Added {
  readonly [key: string]: { readonly contribution: Contribution; readonly value: unknown; readonly text: string };
}
interface KeptContributions {
  readonly contributions: Contributions;
}

export const idOf = (stream: string, revision: number, byEvent: boolean): string => `${stream}@${revision}${byEvent ? '!' : ''}`;

/** What streams contribute at their revisions, and single events for ever: folded from the log when somebody asks, and kept. */
export class AddedByStreams {
  constructor(
    private readonly from: Pick<RowSource, 'projection' | 'writer' | 'histories'>,
    private readonly kept: Kept,
  ) {}

  /** Only what is kept. */
  known(id: string): Added | undefined {
    return this.kept.get<Added>(id);
  }

  /** Where a stream stands at a revision; what it shows there is another question. */
  async contributionsAt(stream: string, revision: number): Promise<Contributions> {
    const id = idOf(stream, revision, false);
    const added = this.known(id);
    if (added) return Object.values(added).map(({ contribution }) => contribution);
    const known = this.kept.get<KeptContributions>(`place ${id}`);
    if (known) return known.contributions;
    const contributions = contributionsOf(this.from.projection, await this.from.histories.at(stream, revision));
    this.kept.set(`place ${id}`, { contributions } satisfies KeptContributions, 300 + 500 * contributions.length);
    return contributions;
  }

  /** What a stream contributes at a revision, with what rows show of it. */
  async at(stream: string, revision: number): Promise<Added> {
    const id = idOf(stream, revision, false);
    const known = this.known(id);
    if (known) return known;
    const { projection, histories } = this.from;
    const history = await histories.at(stream, revision);
    const values: Record<string, unknown> = {};
    const place = `place ${id}`;
    const contributions = this.kept.get<KeptContributions>(place)?.contributions ?? contributionsOf(projection, history);
    this.kept.delete(place);
    const kinds = new Set(contributions.map(({ key }) => kindOf(key)));
    for (const source of projection.from)
      if (source.category === history.aggregate.category && kinds.has(source.kind))
        this.#show(stream, contributions, source.kind, values, () => source.show(history));
    return this.#keep(id, contributions, values);
  }

  /** What one event contributes for ever. */
  async byEvent(stream: string, revision: number): Promise<Added> {
    const id = idOf(stream, revision, true);
    const known = this.known(id);
    if (known) return known;
    const { projection, histories } = this.from;
    const event = await histories.event(stream, revision);
    const values: Record<string, unknown> = {};
    const contributions = contributionsOfEvent(projection, event);
    if (contributions.length > 0)
      for (const source of projection.from)
        if (source.category === undefined) this.#show(stream, contributions, source.kind, values, () => source.show(event));
    return this.#keep(id, contributions, values);
  }

  /** What cannot be shown is left out, and its stream is named among the faulted ones. */
  #show(stream: string, contributions: Contributions, kind: string, into: Record<string, unknown>, show: () => object): void {
    addShown(into, show, (error) => {
      for (const { key } of contributions) if (kindOf(key) === kind) this.from.writer.failed(stream, key, error);
    });
  }

  #keep(id: string, contributions: Contributions, values: Readonly<Record<string, unknown>>): Added {
    const added: Record<string, Added[string]> = {};
    let bytes = 200;
    for (const contribution of contributions) {
      const value = values[contribution.key];
      const text = value === undefined ? '' : textOfShown(value);
      added[contribution.key] = { contribution, value, text };
      bytes += 600 + 5 * text.length;
    }
    this.kept.set(id, added, bytes);
    return added;
  }
}
