// Everything that can be asked of a workforce. To add a command: one new file, one line here.
export * from './commands/record-baseline.js';
export * from './commands/plan-transfer.js';
export * from './commands/revise-plan.js';
export * from './commands/cancel-plan.js';
export * from './commands/deliver-liability-information.js';
export * from './commands/record-consultation.js';
export * from './commands/transfer-staff.js';
export * from './commands/redeploy.js';
export * from './commands/record-leavers.js';
export * from './commands/record-joiners.js';
