import { Command, Option } from 'commander';
import { KINDS, type BundleKind } from '../proof/bundle.js';
import { exportBundle, NotBundledError, readDossier } from './bundle-export.js';
import { progressBar } from './progress.js';

const command = new Command('bundle')
  .description(
    'Exports the ledger of DATA_DIR, or a part of it, with what an outsider needs to check it offline: docs/proof-format.md. ' +
      'A server may run meanwhile. `npm run verify` checks a bundle, and so does tools/verify.py without Node.',
  )
  .argument('<dir>', 'a folder that is made')
  .addOption(new Option('--programme <id>', 'only the streams about one programme').conflicts('decision'))
  .option('--decision <id>', 'only the stream of one decision, and what was known, up to it')
  .option('--dossier <file>', 'an HTML file that goes with it, such as the answer of /decisions/{id}')
  .option('--altered', 'also of a history that is not the one that was signed, as evidence: without a manifest')
  .parse();
const { programme, decision, dossier, altered } = command.opts<{
  programme?: string;
  decision?: string;
  dossier?: string;
  altered?: true;
}>();
const [dir] = command.processedArgs as [string];
const kind: BundleKind = programme !== undefined ? 'programme' : decision !== undefined ? 'decision' : KINDS[0];

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stop.abort(new NotBundledError('Interrupted: there is no bundle.')));
const bar = progressBar(process.stderr);
try {
  const { DATA_DIR = './data', LEDGER_PROOF_KEY, LEDGER_PROOF_HOST = 'localhost' } = process.env;
  const { events, size, root, evidence } = await exportBundle({
    from: DATA_DIR,
    to: dir,
    kind,
    of: programme ?? decision ?? '-',
    host: LEDGER_PROOF_HOST,
    ...(LEDGER_PROOF_KEY !== undefined && { proofKey: LEDGER_PROOF_KEY }),
    ...(dossier !== undefined && { dossier: await readDossier(dossier) }),
    ...(altered && { altered }),
    signal: stop.signal,
    onProgress: (part) => bar.show('the log', part),
  });
  bar.end();
  process.stdout.write(`${events} events and ${evidence} other files are in ${dir}; checkpoint of ${size} events, root ${root}\n`);
} catch (error) {
  bar.end();
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
