import { Command } from 'commander';
import { raceTwoNodes } from '../test/engine/two-nodes.js';

const { rounds } = new Command('two-nodes')
  .description('Races one key and one If-Match on two nodes at 1 ms and 10 ms from their store, with readers beside them.')
  .option('--rounds <n>', 'each is both races on a new contract', '1000')
  .parse()
  .opts<{ rounds: string }>();

const races = await raceTwoNodes({ rounds: Number(rounds), atOnce: 8 });
const { executedTwice, staleAccepted, unexpected } = races;
console.log(`${rounds} rounds: keys executed twice ${executedTwice}, stale If-Match accepted ${staleAccepted}, other answers ${unexpected.length}`); // prettier-ignore
for (const sentence of new Set(unexpected)) console.log(sentence);
process.exit(executedTwice + staleAccepted + unexpected.length === 0 ? 0 : 1);
