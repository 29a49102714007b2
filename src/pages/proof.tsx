import { programmeBoard } from '../../projections/programme.js';
import type { Checkpoints } from '../proof/checkpoints.js';
import { BundleLink, CheckCommands, DownloadBundle, KeyAndCheckpoint } from './bundle.js';
import type { Read } from './read.js';
import type { ProgrammeRow } from './rows.js';
import { to, type Frame, type Page } from './shell.js';
import { numberText, Pairs } from './words.js';

const LEDGER = { kind: 'ledger', of: '-' } as const;
/** Programmes whose bundles are offered. */
const OFFERED = 20;

/** What proves that the history was not rewritten: the newest checkpoint, what to take away, and how to check it. */
export const proofPage = async (checkpoints: Checkpoints, read: Read, frame: Frame): Promise<Page> => {
  const newest = await checkpoints.current();
  const checkpoint = checkpoints.alteration === undefined ? newest : undefined;
  const { rows, next } = await read.rows<ProgrammeRow>(programmeBoard.name, {}, OFFERED);
  return {
    title: 'Proof',
    clocks: false,
    api: { json: '/proofs/checkpoint' },
    body: (
      <>
        <h1>Proof that the history was not rewritten</h1>
        {checkpoint ? (
          <>
            <Pairs
              of={[
                ['Events', numberText(checkpoint.size)],
                ['Root', <code class="unbroken">{checkpoint.root}</code>],
                ['Ledger', <code class="unbroken">{checkpoint.origin}</code>],
                ['Key', <code class="unbroken">{checkpoints.verifierKey}</code>],
              ]}
            />
            <h2>The newest signed checkpoint</h2>
            <p>Keep it outside of this server: who has it can prove later that nothing under it was changed or removed.</p>
            <pre tabIndex={0} aria-label="The signed checkpoint">
              {checkpoint.note}
            </pre>
          </>
        ) : (
          <div class="banner bad">
            <p>{checkpoints.alteration ?? 'Nothing is signed yet.'}</p>
          </div>
        )}
        <h2>To take away</h2>
        {checkpoint && checkpoint.size > 0 ? (
          <>
            <p>
              A bundle is one file with everything that an outsider needs: the events, the evidence that is kept, and the signed notes. It
              is checked offline.
            </p>
            <p>
              <DownloadBundle of={LEDGER} called="the whole ledger" />
            </p>
            {rows.length > 0 && (
              <>
                <p>Or a part of it:</p>
                <ul>
                  {rows.map(({ row }) => (
                    <li>
                      Programme <BundleLink of={{ kind: 'programme', of: row.programme }} name={row.title} />
                    </li>
                  ))}
                  {next !== undefined && <li>Other programmes: their bundles are at the foot of the page about each</li>}
                  <li>
                    A decision: its bundle is at the foot of <a href={to(frame, '/app/decisions')}>its page</a>
                  </li>
                </ul>
              </>
            )}
            <p class="quiet small">
              Up to 1,000,000 events and 2,000 MB of evidence are downloaded. <code>npm run bundle</code> makes larger ones on the ledger’s
              machine.
            </p>
          </>
        ) : (
          <p>Nothing is recorded yet, so there is nothing to take away.</p>
        )}
        <h2>To check it</h2>
        <p>
          Keep <KeyAndCheckpoint /> beside it, best from another day than the bundle: compare the key with one that you got another way.
          Then check it on any machine, by this program or by another one in Python:
        </p>
        <CheckCommands of={LEDGER} />
        <p class="quiet small">
          The ledger’s time zone is {frame.timeZone}. docs/proof-format.md is enough to write a verifier of your own.
        </p>
      </>
    ),
  };
};
