import { Command, InvalidArgumentError, Option } from 'commander';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { BundleKind } from '../proof/bundle.js';
import { checkBundle } from '../proof/bundle-check.js';
import { signCheckpoint } from '../proof/checkpoint.js';
import { isName, verifierKey } from '../proof/note.js';
import { ProofFolder } from '../proof/proof-folder.js';
import { lockFolder } from '../store/sqlite/folder.js';
import { exportBundle } from './bundle-export.js';
import type { Terminal } from './run-command.js';
import { startWitness } from './witness-server.js';

/** The bytes of a file that an argument names. @throws InvalidArgumentError */
const bytesIn = (file: string): Buffer => {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new InvalidArgumentError(`It cannot be read: ${(error as Error).message}.`);
  }
};
const textIn = (file: string): string => bytesIn(file).toString('utf8');
/** A key, or what a file of that name holds. */
const keyIn = (text: string): string => (existsSync(text) ? textIn(text) : text);
const portIn = (text: string): number => {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  return Number(text);
};
const nameIn = (text: string): string => {
  if (!isName(text)) throw new InvalidArgumentError('A name has 1 to 255 printable characters of ASCII, none of them a blank or +.');
  return text;
};

interface BundleFlags {
  readonly programme?: string;
  readonly decision?: string;
  readonly dossier?: string;
  readonly altered?: true;
}

export const bundleCommand = ({ env, signal, print, show }: Terminal): Command =>
  new Command('bundle')
    .description(
      'Exports the ledger of DATA_DIR, or a part of it, with what an outsider needs to check it offline: docs/proof-format.md. ' +
        'A server may run meanwhile. `npm run verify` checks a bundle, and so does tools/verify.py without Node.',
    )
    .argument('<dir>', 'a folder that is made')
    .addOption(new Option('--programme <id>', 'only the streams about one programme').conflicts('decision'))
    .option('--decision <id>', 'only the stream of one decision, and what was known, up to it')
    .option('--dossier <file>', 'an HTML file that goes with it, such as the answer of /decisions/{id}', textIn)
    .option('--altered', 'also of a history that is not the one that was signed, as evidence: without a manifest')
    .action(async (dir: string, { programme, decision, dossier, altered }: BundleFlags) => {
      const { DATA_DIR = './data', LEDGER_PROOF_KEY, LEDGER_PROOF_HOST = 'localhost' } = env;
      const kind: BundleKind = programme !== undefined ? 'programme' : decision !== undefined ? 'decision' : 'ledger';
      const { events, size, root, evidence } = await exportBundle({
        from: DATA_DIR,
        to: dir,
        kind,
        of: programme ?? decision ?? '-',
        host: LEDGER_PROOF_HOST,
        ...(LEDGER_PROOF_KEY !== undefined && { proofKey: LEDGER_PROOF_KEY }),
        ...(dossier !== undefined && { dossier }),
        ...(altered && { altered }),
        signal,
        onProgress: (part) => show('the log', part),
      });
      print(`${events} events and ${evidence} pieces of evidence are in ${dir}; checkpoint of ${size} events, root ${root}`);
    });

interface VerifyFlags {
  readonly key?: string;
  readonly note?: Buffer;
  readonly witness?: string;
}

export const verifyCommand = ({ print, say, exit }: Terminal): Command =>
  new Command('verify')
    .description('Checks a bundle offline: docs/proof-format.md says how. Exit code 1 when anything does not hold.')
    .argument('<bundle>', 'the folder of the bundle, or its archive as GET /proofs/bundle answers it')
    .option('--key <key>', 'the public key, or a file with it, that came another way: without one, the key in the bundle is used', keyIn)
    .option('--note <file>', 'a signed checkpoint that was kept elsewhere', bytesIn)
    .option('--witness <key>', 'the public key of a witness, or a file with it, who must have signed the checkpoint', keyIn)
    .action(async (bundle: string, flags: VerifyFlags) => {
      const { faults, valid, size, root } = await checkBundle(bundle, flags);
      for (const { code, about } of faults) print(`FAULT ${code} ${about}`);
      print(`${valid} events are valid; checkpoint of ${size ?? '-'}, root ${root ?? '-'}`);
      if (flags.key === undefined) say('The key is the one in the bundle: compare it with one that came another way.');
      if (faults.length > 0) exit(1);
    });

interface WitnessFlags {
  readonly name: string;
  readonly ledgers: string;
  readonly dir: string;
  readonly host: string;
  readonly port: number;
}

export const witnessCommand = ({ signal, print }: Terminal): Command =>
  new Command('witness')
    .description(
      'Signs the checkpoints of ledgers, each only after the proof that it continues the one before (C2SP tlog-witness). Run it on a machine ' +
        'that belongs to somebody else than the ledger.',
    )
    .requiredOption('--name <name>', 'the name that it signs under, such as witness.example.org/w1', nameIn)
    .requiredOption('--ledgers <file>', 'public keys of ledgers, one a line, as GET /proofs/key answers them', textIn)
    .option('--dir <dir>', 'where its key and what it has seen are kept', './witness')
    .option('--host <host>', 'an address to listen on', '127.0.0.1')
    .option('--port <port>', 'a port to listen on', portIn, 3300)
    .action(async (flags: WitnessFlags) => {
      const now = () => Date.now(); // eslint-disable-line no-restricted-syntax -- where an operator's command joins its parts
      const witness = await startWitness({ ...flags, now });
      print(`The witness listens at ${witness.url}. For LEDGER_WITNESSES:\n${witness.url} ${witness.key}`);
      if (!signal.aborted) await once(signal, 'abort');
      await witness.close();
    });

export const rotateKeyCommand = ({ env, print }: Terminal): Command =>
  new Command('rotate-key')
    .description(
      'Makes a new key for the checkpoints of DATA_DIR (or of LEDGER_PROOF_KEY), and signs the last checkpoint with both, so that everybody who has the ' +
        'former key can trust the new one. Stop the server first. Notes that the former key signed stay valid here.',
    )
    .action(async () => {
      const { DATA_DIR = './data', LEDGER_PROOF_KEY } = env;
      const folder = new ProofFolder(DATA_DIR, LEDGER_PROOF_KEY);
      folder.key();
      const release = lockFolder(DATA_DIR);
      try {
        const last = folder.last();
        const { now } = folder.rotate();
        if (last) {
          const signature = signCheckpoint(last, folder.key()).note.split('\n\n').at(-1)!;
          await folder.keep(last.note + signature);
          folder.keepOlder(last.note + signature);
        }
        print(`The new key${last ? `: ${verifierKey(last.origin, now)}` : ' is made.'}`);
      } finally {
        release();
      }
    });
