import { kebab, plural } from '../kernel/index.js';
import type { Frame } from './shell.js';
import { wordsOf } from './words.js';

/** The commands of an aggregate, as links to their forms. */
export const CommandLinks = ({ category, id, frame }: { readonly category: string; readonly id: string; readonly frame: Frame }) => (
  <ul class="acts noprint">
    {frame.commands(category).map((name) => (
      <li>
        <a href={`/app/${plural(category)}/${id}/${kebab(name)}`}>{wordsOf(name)}</a>
      </li>
    ))}
  </ul>
);
