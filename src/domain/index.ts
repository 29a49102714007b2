import type { AnyCommand, AnySubject } from '../kernel/index.js';
import { contract, contractCommands } from './contract/index.js';
import { ledgerCommands } from './ledger/index.js';
import { programme, programmeCommands } from './programme/index.js';
import { supplier, supplierCommands } from './supplier/index.js';
import { tower, towerCommands } from './tower/index.js';

/** Every subject and what can be asked of it: the whole ledger on one screen. */
export const subjects: readonly AnySubject[] = [programme, tower, contract, supplier];

/** The ledger's own commands may be asked of any subject. */
export const commands: readonly AnyCommand[] = [
  ...programmeCommands,
  ...towerCommands,
  ...contractCommands,
  ...supplierCommands,
  ...ledgerCommands,
];
