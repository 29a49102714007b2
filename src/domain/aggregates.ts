// Every aggregate, by what can be asked of it. A new aggregate is its file and one line here.
export * as account from './account/commands.js';
export * as contract from './contract/commands.js';
export * as loss from './loss/commands.js';
export * as programme from './programme/commands.js';
export * as supplier from './supplier/commands.js';
export * as tower from './tower/commands.js';
export * as workforce from './workforce/commands.js';
