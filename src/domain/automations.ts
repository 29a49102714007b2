import type { Automation } from '../kernel/index.js';
import { whenContractTerminatedThenTerminateForced } from './contract/automations/when-contract-terminated-then-terminate-forced.js';
import { whenOptionWindowPassedThenLapseOption } from './contract/automations/when-option-window-passed-then-lapse-option.js';

/** Every automation of the ledger. */
export const automations: readonly Automation[] = [whenOptionWindowPassedThenLapseOption, whenContractTerminatedThenTerminateForced];
