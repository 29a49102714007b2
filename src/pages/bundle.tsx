import { bundleName, type BundleKind } from '../proof/bundle.js';
import { address } from './shell.js';
import { Name } from './words.js';

/** A bundle that a page offers: of what, and how that is called. */
export interface Offered {
  readonly kind: BundleKind;
  /** The programme, or the id of the decision; `-` for a whole ledger. */
  readonly of: string;
}

const bundleAddress = ({ kind, of }: Offered): string => address('/app/proof/bundle', kind === 'ledger' ? {} : { [kind]: of });
const fileName = ({ kind, of }: Offered): string => `${bundleName(kind, of)}.bundle.zip`;

/** Where what is needed beside a bundle is downloaded. */
export const KeyAndCheckpoint = () => (
  <>
    <a href="/proofs/key" download="key.txt">
      the key
    </a>{' '}
    and{' '}
    <a href="/proofs/checkpoint" download="checkpoint.txt">
      a checkpoint
    </a>
  </>
);

export const DownloadBundle = ({ of, called }: { readonly of: Offered; readonly called: string }) => (
  <a class="govuk-button govuk-button--secondary noprint" href={bundleAddress(of)}>
    Download {called}
  </a>
);
export const BundleLink = ({ of, name }: { readonly of: Offered; readonly name: string }) => (
  <a href={bundleAddress(of)}>
    <Name of={name} />
  </a>
);

/** How a bundle is checked, by this program or by another one, with a key and a checkpoint that were kept. */
export const CheckCommands = ({ of }: { readonly of: Offered }) => (
  <pre tabIndex={0} aria-label="Commands">
    {[
      `npm run verify -- ${fileName(of)} --key key.txt --note checkpoint.txt`,
      `python3 tools/verify.py ${fileName(of)} --key key.txt --note checkpoint.txt`,
    ].join('\n')}
  </pre>
);
