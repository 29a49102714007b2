import { History, type AnyAggregate, type Entry } from '../src/kernel/index.js';

/** The same aggregate, but that each fact acts on its own day alone. */
const onOwnDays = (aggregate: AnyAggregate): AnyAggregate => {
  const types = Object.entries<{ readonly reveals?: unknown }>(aggregate.events);
  const events = Object.fromEntries(types.map(([type, { reveals: _, ...rest }]) => [type, rest]));
  return { ...aggregate, events };
};

/** Each fact in its place by its own day, with the state that it found as it was believed then. */
export const asBelieved = ({ aggregate, id, recorded, timeZone }: History): readonly { readonly entry: Entry; readonly before: any }[] => [
  ...History.of(onOwnDays(aggregate), id, recorded, timeZone).steps(),
];
