import { ledgerEvents, type AnyAggregate, type AnyCommand } from '../kernel/index.js';
import * as modules from './aggregates.js';
import * as ledgerCommands from './ledger/commands.js';

const isCommand = (exported: object): exported is AnyCommand => 'decide' in exported;

/** In the order in which their events stand in the file of the aggregate. */
const inOrder = (events: object, exported: object): readonly AnyCommand[] => {
  const types = Object.keys(events);
  return Object.values(exported)
    .filter(isCommand)
    .sort((a, b) => types.indexOf(a.events[0]!) - types.indexOf(b.events[0]!));
};
const byAggregate = Object.values(modules).map((exported) => {
  const aggregate = Object.values<AnyCommand>(exported).find(isCommand)!.aggregate!;
  return { aggregate, commands: inOrder(aggregate.events, exported) };
});

/** Every aggregate of the ledger. */
export const aggregates: readonly AnyAggregate[] = byAggregate.map(({ aggregate }) => aggregate);

/** Everything that can be asked; the ledger's own commands, the last, of any aggregate. */
export const commands: readonly AnyCommand[] = [
  ...byAggregate.flatMap(({ commands }) => commands),
  ...inOrder(ledgerEvents, ledgerCommands),
];
export { withPolicy } from './programme/policies.js';
