import { ledgerEvents, type AnyCommand, type AnyAggregate } from '../kernel/index.js';
import * as contractCommands from './contract/commands.js';
import { contract } from './contract/index.js';
import * as lossCommands from './loss/commands.js';
import { loss } from './loss/index.js';
import * as ledgerCommands from './ledger/commands.js';
import * as programmeCommands from './programme/commands.js';
import { programme } from './programme/index.js';
import * as supplierCommands from './supplier/commands.js';
import { supplier } from './supplier/index.js';
import * as towerCommands from './tower/commands.js';
import { tower } from './tower/index.js';
import * as workforceCommands from './workforce/commands.js';
import { workforce } from './workforce/index.js';

/** Every subject of the ledger. */
export const aggregates: readonly AnyAggregate[] = [programme, tower, contract, supplier, workforce, loss];

/** In the order of the life that their events tell. */
const inOrder = (events: object, commands: Readonly<Record<string, AnyCommand>>): readonly AnyCommand[] => {
  const types = Object.keys(events);
  return Object.values(commands).sort((a, b) => types.indexOf(a.events[0]!) - types.indexOf(b.events[0]!));
};

/** Everything that can be asked; the ledger's own commands, the last, of any subject. */
export const commands: readonly AnyCommand[] = [
  ...inOrder(programme.events, programmeCommands),
  ...inOrder(tower.events, towerCommands),
  ...inOrder(contract.events, contractCommands),
  ...inOrder(supplier.events, supplierCommands),
  ...inOrder(workforce.events, workforceCommands),
  ...inOrder(loss.events, lossCommands),
  ...inOrder(ledgerEvents, ledgerCommands),
];
