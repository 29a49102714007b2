import type { AnyCommand, AnySubject } from '../kernel/index.js';
import { contract, contractCommands } from './contract/index.js';
import { ledgerCommands } from './ledger/index.js';

/** Every subject and what can be asked of it: the whole ledger on one screen. */
export const subjects: readonly AnySubject[] = [contract];

export const commands: readonly AnyCommand[] = [...contractCommands, ...ledgerCommands];
