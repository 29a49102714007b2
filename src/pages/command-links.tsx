import { kebab, plural, type History } from '../kernel/index.js';
import type { Choice, Frame } from './shell.js';
import { some, wordsOf } from './words.js';

const Links = ({ of, path }: { readonly of: readonly Choice[]; readonly path: string }) => (
  <ul class="acts noprint">
    {of.map(({ name }) => (
      <li>
        <a href={`${path}/${kebab(name)}`}>{wordsOf(name)}</a>
      </li>
    ))}
  </ul>
);

/**
 * The commands of an aggregate, as links to their forms: those that may come next, those of other stages folded, since what is recorded late
 * may belong there, and those about what is recorded already.
 */
export const CommandLinks = ({
  category,
  id,
  history,
  frame,
}: {
  readonly category: string;
  readonly id: string;
  readonly history: History;
  readonly frame: Frame;
}) => {
  const all = frame.commands(category);
  const { stage } = history.state as { readonly stage: string };
  const path = `/app/${plural(category)}/${id}`;
  const own = all.filter(({ stages }) => stages !== undefined);
  const next = own.filter(({ stages }) => stages!.includes(stage));
  const others = own.filter((one) => !next.includes(one));
  return (
    <>
      <Links of={next} path={path} />
      {others.length > 0 && (
        <details class="noprint">
          <summary>{some(others.length, 'command')} of other stages, for what is recorded late</summary>
          <Links of={others} path={path} />
        </details>
      )}
      <h3 class="noprint">About what is recorded</h3>
      <Links of={all.filter(({ stages }) => stages === undefined)} path={path} />
    </>
  );
};
