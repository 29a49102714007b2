import { randomUUIDv7 } from 'node:crypto';
import { History, kebab, plural, type NewEvent, type RecordedEvent } from '../src/kernel/index.js';
import { SqliteStore } from '../src/store/sqlite/sqlite-store.js';
import type { Decided } from './every-command.js';
import type { Post } from './load.js';

type Names = ReadonlyMap<string, string>;
/** A copy of JSON in which texts that are names have others, but for a `role`, and each external reference an id of its own. */
const renamed = (value: unknown, names: Names, mark: string): unknown => {
  if (typeof value === 'string') return names.get(value) ?? value;
  if (Array.isArray(value)) return value.map((one) => renamed(one, names, mark));
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, name === 'role' ? one : renamed(one, names, mark)]));
  return typeof copy['scheme'] === 'string' && typeof copy['id'] === 'string' ? { ...copy, id: `${copy['id']}-${mark}` } : copy;
};
const names = (events: readonly RecordedEvent[], id: string): boolean => JSON.stringify(events.map(({ data }) => data)).includes(JSON.stringify(id)); // prettier-ignore

/** Events of one stream as they are appended: each of a decision of its own. */
const stored = ({ aggregate, recorded }: History, id: string, map: Names, mark: string): readonly NewEvent[] => {
  const events = recorded.map((event): RecordedEvent => ({
    ...event,
    stream: `${aggregate.category}-${id}`,
    id: map.get(event.id) ?? randomUUIDv7(),
    data: renamed(event.data, map, mark) as object,
  }));
  const about = aggregate.about(id, History.of(aggregate, id, events).state);
  return events.map(({ id: event, type, data, metadata }) => {
    const decision = randomUUIDv7();
    const command = { ...metadata.command, id: decision };
    return { id: event, type, data, metadata: { ...metadata, about, command, $correlationId: decision, $causationId: decision } };
  });
};

/**
 * A ledger with what examples find: for each of their samples a stream of its own, and those of the others that speak of that one.
 * The rest of the others is shared.
 * @returns for each example its samples
 */
export const ledgerOfExamples = async (
  dir: string,
  examples: readonly Decided[],
  samples: number,
): Promise<readonly (readonly Post[])[]> => {
  const store = await SqliteStore.open({
    dir,
    timeZone: 'Europe/London',
    now: () => new Date().toISOString(),
    newId: () => crypto.randomUUID(),
  });
  const shared = new Set<string>();
  let pending: Promise<unknown>[] = [];
  const append = async (stream: string, events: readonly NewEvent[]): Promise<void> => {
    if (events.length > 0) pending.push(store.append(stream, -1, [...events]));
    if (pending.length < AT_ONCE) return;
    await Promise.all(pending);
    pending = [];
  };
  const posts: (readonly Post[])[] = [];
  for (const [nth, { command, history, data, effectiveOn, readSet }] of examples.entries()) {
    const { category } = history.aggregate;
    const others = [...readSet.others.values()].map(({ aggregate, id }) => ({ aggregate, id, history: readSet.others.get(`${aggregate.category}-${id}`) as History })); // prettier-ignore
    const own = new Set([history.id]);
    for (let size = 0; size !== own.size;) {
      size = own.size;
      for (const { id, history: other } of others) if ([...own].some((one) => one === id || names(other.recorded, one))) own.add(id);
    }
    const ofExample: Post[] = [];
    for (let n = 0; n < samples; n++) {
      const mark = `${nth}-${n}`;
      const map = new Map<string, string>([...own].map((id) => [id, id === history.id ? `x-${mark}` : `${id}-${mark}`]));
      for (const { id } of history.recorded) map.set(id, randomUUIDv7());
      const id = map.get(history.id)!;
      for (const { aggregate, id: other, history: of } of others) {
        const stream = `${aggregate.category}-${own.has(other) ? map.get(other)! : other}`;
        if (!own.has(other) && shared.has(stream)) continue;
        shared.add(stream);
        await append(stream, stored(of, own.has(other) ? map.get(other)! : other, own.has(other) ? map : NONE, `${mark}-${other}`));
      }
      await append(`${category}-${id}`, stored(history, id, map, mark));
      const body = { ...(renamed(data, map, mark) as object), record: { effectiveOn } };
      ofExample.push({ path: `/${plural(category)}/${id}/${kebab(command.name)}`, body: JSON.stringify(body), key: mark });
    }
    posts.push(ofExample);
  }
  await Promise.all(pending);
  await store.close();
  return posts;
};
const NONE: Names = new Map();
/** Streams that are appended at once: more would only wait in the store's queue. */
const AT_ONCE = 256;
