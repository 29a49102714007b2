import type { Checkpoints } from '../proof/checkpoints.js';
import type { Frame, Page } from './shell.js';
import { Pairs, numberText } from './words.js';

/** How a bundle is checked: with the key and a checkpoint that came another way. */
export const checks = (bundle: string): readonly string[] => [
  `npm run verify -- ${bundle} --key key.txt --note checkpoint.txt`,
  `python3 tools/verify.py ${bundle} --key key.txt --note checkpoint.txt`,
];
export const Commands = ({ of }: { readonly of: readonly string[] }) => (
  <pre tabIndex={0} aria-label="Commands">
    {of.join('\n')}
  </pre>
);

/** What proves that the history was not rewritten: the newest checkpoint, what to take away, and how to check it. */
export const proofPage = async (checkpoints: Checkpoints, frame: Frame): Promise<Page> => {
  const checkpoint = await checkpoints.current();
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
            <p>{checkpoints.fault ?? 'Nothing is signed yet.'}</p>
          </div>
        )}
        <h2>To take away</h2>
        <ul>
          <li>
            <a href="/proofs/checkpoint">The checkpoint</a>, a signed note with the cosignatures of its witnesses
          </li>
          <li>
            <a href="/proofs/key">The key</a> by which it is checked: compare it with one that you got another way
          </li>
          <li>
            For each event, its inclusion proof: at the foot of <a href="/app/decisions">its decision</a>
          </li>
        </ul>
        <h2>To check it</h2>
        <p>
          On the ledger's machine, a bundle is made of the whole ledger, of a programme or of a decision. It is checked on any machine, by
          this program or by another one in Python:
        </p>
        <Commands of={['npm run bundle -- ledger', ...checks('ledger')]} />
        <p class="quiet small">
          The ledger's time zone is {frame.timeZone}. docs/proof-format.md is enough to write a verifier of your own.
        </p>
      </>
    ),
  };
};
