import type { Projection } from '../src/kernel/index.js';
import { contractRegister } from './contract-register.js';
import { deadlines } from './deadlines.js';
import { decisions } from './decisions.js';
import { exposure } from './exposure.js';
import { identifiers } from './identifiers.js';
import { lossesStatement } from './losses-statement.js';
import { money } from './money.js';
import { programmeBoard } from './programme.js';
import { staffMovements } from './staff-movements.js';
import { towerBoard } from './tower-board.js';
import { transferRegister } from './transfer-register.js';
import { waiting } from './waiting.js';
import { workforceBoard } from './workforce.js';

/** Every question that is kept answered. To add one: one new file, one line here. */
export const projections: readonly Projection[] = [
  towerBoard,
  contractRegister,
  decisions,
  identifiers,
  money,
  workforceBoard,
  transferRegister,
  staffMovements,
  exposure,
  lossesStatement,
  programmeBoard,
  deadlines,
  waiting,
];
